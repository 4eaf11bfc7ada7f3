-- Framing (R43), and members of an object, in any Lua.
local stream = '{"a":"}\\""}\n{"b":{}}'
assert(object_end(stream, 1) == 11 and object_end(stream, 13) == 20 and not object_end('{"', 1))
assert(member('{"iv": "x-_","payload":"y"}', "payload") == "y" and not member("{}", "iv"))
local one = {sent = {0, 0}}
local info = understand(one, 1, '{"sdmp":{"version":"0.12.0","schemas":["shared_key"]},"shared_key":{"g":2,"p":"AAAA","N":"A"}}')
assert(info.kind == "M1" and info.g == 2 and info.group == 24 and one.sent[1] == 1)
info = understand(one, 2, '{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request"}}')
assert(info.kind == "refusal" and info.status == "bad_request")
print(_VERSION)
