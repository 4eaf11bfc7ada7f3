-- SDMP 0.12 over TCP, for Wireshark and tshark (Lua 5.1 to 5.4).
--
-- Objects are found by R43: each is one JSON text, from its opening to its closing brace, wherever
-- TCP has cut it. What is sealed stays closed here: `sdmp inspect` opens and verifies it.

local sdmp = Proto("sdmp", "Secure Distributed Message Protocol 0.12")

sdmp.prefs.port = Pref.uint("TCP port", 7667, "Where SDMP is expected; \"Decode As\" takes any other")

local f = {
  kind = ProtoField.string("sdmp.kind", "Kind"),
  from = ProtoField.string("sdmp.from", "Sent by"),
  number = ProtoField.uint32("sdmp.number", "Number of its sender's objects before it"),
  length = ProtoField.uint32("sdmp.length", "Octets"),
  text = ProtoField.string("sdmp.text", "Text"),
  version = ProtoField.string("sdmp.version", "Version (R8)"),
  schemas = ProtoField.string("sdmp.schemas", "Schemas (R9)"),
  group = ProtoField.uint32("sdmp.group_bits", "Length of the group's prime in bits (R23)"),
  g = ProtoField.uint32("sdmp.g", "Generator (R23)"),
  p = ProtoField.string("sdmp.p", "Prime (R23)"),
  n = ProtoField.string("sdmp.n", "Public value N (R25)"),
  iv = ProtoField.string("sdmp.iv", "Initialisation vector (R34)"),
  sealed = ProtoField.uint32("sdmp.sealed_length", "Octets of the payload"),
  padded = ProtoField.uint32("sdmp.padded_length", "Octets of padded text (R33)"),
  profile = ProtoField.string("sdmp.profile", "Profile, by the length of the payload"),
  status = ProtoField.string("sdmp.status", "Status of a refusal (R37)"),
}
sdmp.fields = f

local e = {
  framing = ProtoExpert.new("sdmp.framing", "What stands here is no object (R43)",
    expert.group.MALFORMED, expert.severity.ERROR),
  plain = ProtoExpert.new("sdmp.published", "Published profile: nothing shows that this was not altered",
    expert.group.SECURITY, expert.severity.WARN),
}
sdmp.experts = e

------------------------------------------------------------------------------------------------
-- Texts.

local floor = math.floor

-- A string member of an object of this protocol, which never needs escapes (nor does Lua have a
-- JSON parser here).
local function member(text, name)
  return text:match('"' .. name .. '"%s*:%s*"([^"\\]*)"')
end

-- The end of the object that begins at `at` (R43): its closing brace; nil if it is not there yet.
local function object_end(text, at)
  local depth, place = 0, at
  while true do
    local found = text:find('["{}]', place)
    if not found then return nil end
    local c = text:byte(found)
    if c == 0x22 then
      place = found + 1
      while true do
        local stop = text:find('["\\]', place)
        if not stop then return nil end
        if text:byte(stop) == 0x22 then place = stop + 1 break end
        place = stop + 2
      end
    else
      depth = depth + (c == 0x7b and 1 or -1)
      if depth == 0 then return found end
      place = found + 1
    end
  end
end

------------------------------------------------------------------------------------------------
-- One conversation. Its state is built in the first pass, in the order of the packets; later
-- passes read what was found then.

local conversations, found = {}, {}
local stream_field = Field.new("tcp.stream")

function sdmp.init()
  conversations, found = {}, {}
end

local function conversation(pinfo)
  local stream = stream_field()
  local name = stream and stream.value or 0
  local one = conversations[name]
  if not one then
    -- Whose packet comes first with an object in it is the initiator: the other side is silent
    -- until it has M1.
    one = {initiator = tostring(pinfo.src) .. ":" .. pinfo.src_port, sent = {0, 0}}
    conversations[name] = one
  end
  return one
end

-- What an object is, by its place (sealed) or its schema (not sealed).
local function understand(one, side, text)
  local info = {from = side == 1 and "initiator" or "responder", number = one.sent[side],
    length = #text, version = member(text, "version"),
    schemas = text:match('"schemas"%s*:%s*%[([^%]]*)%]')}
  local number = one.sent[side]
  one.sent[side] = number + 1
  local schema = info.schemas and info.schemas:gsub('["%s]', "") or ""
  if schema == "shared_key" or schema == "connection" then
    info.kind = side == 1 and "M1" or "M2"
    info.g, info.p, info.n = tonumber(text:match('"g"%s*:%s*(%d+)')), member(text, "p"), member(text, "N")
    -- Four characters of base64url are three octets.
    info.group = info.p and floor(#info.p * 3 / 4) * 8
  elseif schema == "encrypted" then
    local payload = member(text, "payload")
    info.iv = member(text, "iv")
    local octets = payload and floor(#payload * 3 / 4) or 0
    info.sealed = octets
    info.profile = octets % 8192 == 0 and "published" or "hardened"
    info.padded = octets - octets % 8192
    local early = {{"M3", "FIN_I"}, {"M4", "FIN_R"}}
    info.kind = early[side][number] or "sealed"
    if info.profile == "published" and number == 2 then info.kind = "sealed" end
  elseif schema == "response" then
    info.kind, info.status = "refusal", member(text, "status")
  else
    info.kind = "container"
  end
  return info
end

local function add(tree, field, range, value)
  if value ~= nil then tree:add(field, range, value) end
end

local function show(tree, range, info)
  add(tree, f.from, range, info.from)
  add(tree, f.number, range, info.number)
  add(tree, f.version, range, info.version)
  add(tree, f.schemas, range, info.schemas)
  add(tree, f.group, range, info.group)
  add(tree, f.g, range, info.g)
  add(tree, f.p, range, info.p)
  add(tree, f.n, range, info.n)
  add(tree, f.iv, range, info.iv)
  add(tree, f.sealed, range, info.sealed)
  add(tree, f.padded, range, info.padded)
  add(tree, f.profile, range, info.profile)
  add(tree, f.status, range, info.status)
  if info.profile == "published" then tree:add_proto_expert_info(e.plain) end
end

function sdmp.dissector(buffer, pinfo, tree)
  local length = buffer:len()
  if length == 0 then return 0 end
  pinfo.cols.protocol = "SDMP"
  local text = buffer:raw(0, length)
  local one = conversation(pinfo)
  local side = tostring(pinfo.src) .. ":" .. pinfo.src_port == one.initiator and 1 or 2
  local at, kinds = 1, {}
  while at <= length do
    local start = text:find("[^ \t\r\n]", at)
    if not start then break end
    if text:byte(start) ~= 0x7b then
      local rest = tree:add(sdmp, buffer(start - 1))
      rest:add_proto_expert_info(e.framing)
      pinfo.cols.info = "not SDMP"
      return length
    end
    local stop = object_end(text, start)
    if not stop then
      pinfo.desegment_offset = start - 1
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      if #kinds == 0 then pinfo.cols.info = "part of an object" end
      break
    end
    local range = buffer(start - 1, stop - start + 1)
    local name = pinfo.number .. "/" .. start .. "/" .. length
    local info = found[name]
    if not info then
      info = understand(one, side, text:sub(start, stop))
      found[name] = info
    end
    local branch = tree:add(sdmp, range, "SDMP " .. info.kind .. ", " .. info.length .. " octets")
    branch:add(f.kind, range, info.kind)
    branch:add(f.length, range, info.length)
    branch:add(f.text, range, text:sub(start, stop))
    show(branch, range, info)
    kinds[#kinds + 1] = info.kind
    at = stop + 1
  end
  if #kinds > 0 then pinfo.cols.info = table.concat(kinds, ", ") end
  return length
end

-- Another port is another preference; "Decode As" works in any case.
local registered
local function register()
  local ports = DissectorTable.get("tcp.port")
  if registered then ports:remove(registered, sdmp) end
  registered = sdmp.prefs.port
  ports:add(registered, sdmp)
end
register()
function sdmp.prefs_changed()
  if registered ~= sdmp.prefs.port then register() end
end
