-- SDMP 0.12 over TCP, for Wireshark and tshark (Lua 5.1 to 5.4).
--
-- Objects are found by R43: each is one JSON text, from its opening to its closing brace, wherever
-- TCP has cut it. With a key log (Preferences, Protocols, SDMP) sealed objects are opened: the tag
-- is checked and the text decrypted here, in plain Lua, since Wireshark gives Lua no ciphers of
-- its own in every version. Signatures are not verified here: `sdmp inspect` does that.

local sdmp = Proto("sdmp", "Secure Distributed Message Protocol 0.12")

sdmp.prefs.port = Pref.uint("TCP port", 7667, "Where SDMP is expected; \"Decode As\" takes any other")
sdmp.prefs.key_log = Pref.string("Key log file", "", "As written by sdmp --key-log")
sdmp.prefs.decrypt_limit = Pref.uint("Open objects up to (KiB)", 256,
  "Opening costs about a second a MiB: longer objects stay closed")

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
  handshake = ProtoField.string("sdmp.handshake", "Name of the session in a key log"),
  key = ProtoField.string("sdmp.key", "Opened with"),
  tag = ProtoField.string("sdmp.tag", "Tag (R35)"),
  plaintext = ProtoField.string("sdmp.plaintext", "Opened text"),
  kid = ProtoField.string("sdmp.kid", "Claimed signer, not verified here (R18)"),
  payload = ProtoField.string("sdmp.signed", "Signed text"),
}
sdmp.fields = f

local e = {
  framing = ProtoExpert.new("sdmp.framing", "What stands here is no object (R43)",
    expert.group.MALFORMED, expert.severity.ERROR),
  tag = ProtoExpert.new("sdmp.bad_tag", "The tag fits no key of this session at this number (R35)",
    expert.group.SECURITY, expert.severity.ERROR),
  plain = ProtoExpert.new("sdmp.published", "Published profile: nothing shows that this was not altered",
    expert.group.SECURITY, expert.severity.WARN),
}
sdmp.experts = e

------------------------------------------------------------------------------------------------
-- Numbers of 32 bits. Lua 5.3 and later have operators, which older ones cannot even parse.

local band, bor, bxor, rshift
if _VERSION >= "Lua 5.3" then
  band, bor, bxor, rshift = load([[
    return function(a, b) return a & b end,
      function(a, b) return a | b end,
      function(a, b) return a ~ b end,
      function(a, n) return (a & 0xffffffff) >> n end]])()
else
  local library = bit32 or bit or require("bit")
  local function positive(operation)
    return function(a, b)
      local result = operation(a, b)
      return result < 0 and result + 4294967296 or result
    end
  end
  band, bor = positive(library.band), positive(library.bor)
  bxor, rshift = positive(library.bxor), positive(library.rshift)
end
local unpack = table.unpack or unpack
local floor = math.floor

------------------------------------------------------------------------------------------------
-- SHA-512 (FIPS 180-4). Each word of 64 bits is two of 32: high, low. The constants are the first
-- 64 bits of the fractions of the roots of primes, found here digit by digit.

local K, H0 = {}, {}
do
  -- Fractions of roots in base 2^16, exactly: the largest r with r^root <= n * 2^(64 * root).
  local BASE = 65536
  local function multiply(a, b)
    local out = {}
    for i = 1, #a + #b do out[i] = 0 end
    for i = 1, #a do
      local carry = 0
      for j = 1, #b do
        local t = out[i + j - 1] + a[i] * b[j] + carry
        carry = floor(t / BASE)
        out[i + j - 1] = t - carry * BASE
      end
      out[i + #b] = out[i + #b] + carry
    end
    return out
  end
  local function greater(a, b)
    for i = math.max(#a, #b), 1, -1 do
      local x, y = a[i] or 0, b[i] or 0
      if x ~= y then return x > y end
    end
    return false
  end
  local function fraction(prime, root)
    local target = {}
    for i = 1, 4 * root do target[i] = 0 end
    target[4 * root + 1] = prime
    local r = {0, 0, 0, 0, 0}
    for place = 5, 1, -1 do
      local step = 32768
      while step >= 1 do
        r[place] = r[place] + step
        local power = r
        for _ = 2, root do power = multiply(power, r) end
        if greater(power, target) then r[place] = r[place] - step end
        step = step / 2
      end
    end
    return floor(r[4] * BASE + r[3]), floor(r[2] * BASE + r[1])
  end
  local candidate, count = 2, 0
  while count < 80 do
    local prime = true
    for i = 2, candidate - 1 do
      if i * i > candidate then break end
      if candidate % i == 0 then prime = false break end
    end
    if prime then
      count = count + 1
      K[2 * count - 1], K[2 * count] = fraction(candidate, 3)
      if count <= 8 then H0[2 * count - 1], H0[2 * count] = fraction(candidate, 2) end
    end
    candidate = candidate + 1
  end
end

local POWER = {}
for n = 0, 32 do POWER[n] = floor(2 ^ n) end

-- Rotates right by n, 0 < n < 64, n ~= 32.
local function rotate(h, l, n)
  if n > 32 then h, l, n = l, h, n - 32 end
  local up, mask = POWER[32 - n], POWER[n] - 1
  return rshift(h, n) + band(l, mask) * up, rshift(l, n) + band(h, mask) * up
end

local function shift(h, l, n)
  return rshift(h, n), rshift(l, n) + band(h, POWER[n] - 1) * POWER[32 - n]
end

local function compress(state, message, at)
  local W = {}
  for t = 0, 15 do
    local a, b, c, d, g, h, i, j = message:byte(at + 8 * t, at + 8 * t + 7)
    W[2 * t + 1] = ((a * 256 + b) * 256 + c) * 256 + d
    W[2 * t + 2] = ((g * 256 + h) * 256 + i) * 256 + j
  end
  for t = 16, 79 do
    local h, l = W[2 * t - 29], W[2 * t - 28]
    local h1, l1 = rotate(h, l, 1)
    local h2, l2 = rotate(h, l, 8)
    local h3, l3 = shift(h, l, 7)
    local sh, sl = bxor(bxor(h1, h2), h3), bxor(bxor(l1, l2), l3)
    h, l = W[2 * t - 3], W[2 * t - 2]
    h1, l1 = rotate(h, l, 19)
    h2, l2 = rotate(h, l, 61)
    h3, l3 = shift(h, l, 6)
    local low = W[2 * t - 30] + sl + W[2 * t - 12] + bxor(bxor(l1, l2), l3)
    local high = W[2 * t - 31] + sh + W[2 * t - 13] + bxor(bxor(h1, h2), h3) + floor(low / POWER[32])
    W[2 * t + 1], W[2 * t + 2] = high % POWER[32], low % POWER[32]
  end
  local ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl = unpack(state)
  for t = 1, 80 do
    local h1, l1 = rotate(eh, el, 14)
    local h2, l2 = rotate(eh, el, 18)
    local h3, l3 = rotate(eh, el, 41)
    local low = hl + bxor(bxor(l1, l2), l3) + bxor(gl, band(el, bxor(fl, gl))) + K[2 * t] + W[2 * t]
    local high = hh + bxor(bxor(h1, h2), h3) + bxor(gh, band(eh, bxor(fh, gh))) + K[2 * t - 1]
      + W[2 * t - 1] + floor(low / POWER[32])
    low, high = low % POWER[32], high % POWER[32]
    h1, l1 = rotate(ah, al, 28)
    h2, l2 = rotate(ah, al, 34)
    h3, l3 = rotate(ah, al, 39)
    local low2 = bxor(bxor(l1, l2), l3) + bor(band(al, bl), band(cl, bor(al, bl))) + low
    local high2 = bxor(bxor(h1, h2), h3) + bor(band(ah, bh), band(ch, bor(ah, bh))) + high
      + floor(low2 / POWER[32])
    hh, hl, gh, gl, fh, fl = gh, gl, fh, fl, eh, el
    el = dl + low
    eh = (dh + high + floor(el / POWER[32])) % POWER[32]
    el = el % POWER[32]
    dh, dl, ch, cl, bh, bl = ch, cl, bh, bl, ah, al
    ah, al = high2 % POWER[32], low2 % POWER[32]
  end
  local new = {ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl}
  for i = 1, 16, 2 do
    local low = state[i + 1] + new[i + 1]
    state[i] = (state[i] + new[i] + floor(low / POWER[32])) % POWER[32]
    state[i + 1] = low % POWER[32]
  end
end

local function word(value)
  return string.char(floor(value / 16777216) % 256, floor(value / 65536) % 256,
    floor(value / 256) % 256, floor(value) % 256)
end

local function sha512(message)
  local bits = #message * 8
  local rest = (#message + 17) % 128
  local padding = rest == 0 and 0 or 128 - rest
  message = message .. "\128" .. string.rep("\0", padding + 8) .. word(floor(bits / POWER[32]))
    .. word(bits % POWER[32])
  local state = {unpack(H0)}
  for at = 1, #message, 128 do compress(state, message, at) end
  local out = {}
  for i = 1, 16 do out[i] = word(state[i]) end
  return table.concat(out)
end

local function hmac_sha512(key, message)
  if #key > 128 then key = sha512(key) end
  key = key .. string.rep("\0", 128 - #key)
  local function pad(octet)
    return (key:gsub(".", function(c) return string.char(bxor(c:byte(), octet)) end))
  end
  return sha512(pad(0x5c) .. sha512(pad(0x36) .. message))
end

------------------------------------------------------------------------------------------------
-- AES-256 in CBC mode, decryption only (FIPS 197, SP 800-38A).

local SBOX, INVERSE, M9, M11, M13, M14 = {}, {}, {}, {}, {}, {}
do
  local function double(x)
    x = x * 2
    if x > 255 then x = bxor(x, 0x11b) end
    return x
  end
  local p, q = 1, 1
  repeat
    p = bxor(p, double(p))
    for _, n in ipairs({1, 2, 4}) do q = band(bxor(q, q * POWER[n]), 255) end
    if q >= 128 then q = bxor(q, 9) end
    local x = q
    for n = 1, 4 do
      local turned = q * POWER[n]
      x = bxor(x, bor(band(turned, 255), floor(turned / 256)))
    end
    SBOX[p] = bxor(x, 0x63)
  until p == 1
  SBOX[0] = 0x63
  for i = 0, 255 do
    INVERSE[SBOX[i]] = i
    local two = double(i)
    local four = double(two)
    local eight = double(four)
    M9[i], M11[i] = bxor(eight, i), bxor(bxor(eight, two), i)
    M13[i], M14[i] = bxor(bxor(eight, four), i), bxor(bxor(eight, four), two)
  end
end

local function expand(key)
  local w = {key:byte(1, 32)}
  local rcon = 1
  for i = 8, 59 do
    local a, b, c, d = w[4 * i - 3], w[4 * i - 2], w[4 * i - 1], w[4 * i]
    if i % 8 == 0 then
      a, b, c, d = bxor(SBOX[b], rcon), SBOX[c], SBOX[d], SBOX[a]
      rcon = rcon * 2
    elseif i % 8 == 4 then
      a, b, c, d = SBOX[a], SBOX[b], SBOX[c], SBOX[d]
    end
    for n, value in ipairs({a, b, c, d}) do w[4 * i + n] = bxor(w[4 * i + n - 32], value) end
  end
  return w
end

-- Where each octet goes in InvShiftRows.
local PLACES = {1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3, 16, 13, 10, 7, 4}

local function decrypt_block(w, data, at)
  local s = {data:byte(at, at + 15)}
  for i = 1, 16 do s[i] = bxor(s[i], w[224 + i]) end
  for round = 13, 0, -1 do
    local t = {}
    for i = 1, 16 do t[i] = bxor(INVERSE[s[PLACES[i]]], w[16 * round + i]) end
    if round > 0 then
      for c = 1, 13, 4 do
        local a, b, d, g = t[c], t[c + 1], t[c + 2], t[c + 3]
        t[c] = bxor(bxor(M14[a], M11[b]), bxor(M13[d], M9[g]))
        t[c + 1] = bxor(bxor(M9[a], M14[b]), bxor(M11[d], M13[g]))
        t[c + 2] = bxor(bxor(M13[a], M9[b]), bxor(M14[d], M11[g]))
        t[c + 3] = bxor(bxor(M11[a], M13[b]), bxor(M9[d], M14[g]))
      end
    end
    s = t
  end
  return s
end

local function decrypt_cbc(key, iv, data)
  local w, out, before = expand(key), {}, {iv:byte(1, 16)}
  for at = 1, #data - 15, 16 do
    local block = decrypt_block(w, data, at)
    for i = 1, 16 do block[i] = bxor(block[i], before[i]) end
    out[#out + 1] = string.char(unpack(block))
    before = {data:byte(at, at + 15)}
  end
  return table.concat(out)
end

------------------------------------------------------------------------------------------------
-- Texts.

local VALUE = {}
for i = 1, 64 do
  VALUE[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):byte(i)] = i - 1
end

-- Base64url without padding (R1); nil for anything else.
local function base64url(text)
  local out = {}
  for at = 1, #text, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    a, b = VALUE[a], b and VALUE[b]
    local cv, dv = c and VALUE[c], d and VALUE[d]
    if not a or not b or (c and not cv) or (d and not dv) then return nil end
    local n = ((a * 64 + b) * 64 + (cv or 0)) * 64 + (dv or 0)
    local octets = string.char(floor(n / 65536), floor(n / 256) % 256, n % 256)
    out[#out + 1] = d and octets or octets:sub(1, c and 2 or 1)
  end
  return table.concat(out)
end

local function hex(octets)
  return (octets:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- A string member of an object of this protocol, which never needs escapes (nor does Lua have a
-- JSON parser here).
local function member(text, name)
  return text:match('"' .. name .. '"%s*:%s*"([^"\\]*)"')
end

local function u32(text) return word(#text) end

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
-- The key log: LABEL HANDSHAKE SECRET.

local secrets, secrets_from = {}, nil

local function read_key_log()
  if secrets_from == sdmp.prefs.key_log then return end
  secrets, secrets_from = {}, sdmp.prefs.key_log
  local file = secrets_from ~= "" and io.open(secrets_from, "r")
  if not file then return end
  for line in file:lines() do
    local label, handshake, secret = line:match("^(%u[%u%d_]+) (%x+) (%x+)%s*$")
    if label and #handshake == 64 then
      handshake = handshake:lower()
      secrets[handshake] = secrets[handshake] or {}
      secrets[handshake][label] = unhex(secret)
    end
  end
  file:close()
end

------------------------------------------------------------------------------------------------
-- One conversation. Its state is built in the first pass, in the order of the packets; later
-- passes read what was found then.

local conversations, found = {}, {}
local stream_field = Field.new("tcp.stream")

function sdmp.init()
  conversations, found, secrets_from = {}, {}, nil
end

local function conversation(pinfo)
  local stream = stream_field()
  local name = stream and stream.value or 0
  local one = conversations[name]
  if not one then
    -- Whose packet comes first with an object in it is the initiator: the other side is silent
    -- until it has M1.
    one = {initiator = tostring(pinfo.src) .. ":" .. pinfo.src_port, sent = {0, 0}, creation = {}}
    conversations[name] = one
  end
  return one
end

local function open_with(key, number, iv, payload)
  local body, tag = payload:sub(1, -33), payload:sub(-32)
  local aad = "\0\0\0\0" .. word(number)
  local mac = hmac_sha512(key:sub(1, 32), aad .. iv .. body .. "\0\0\0\0\0\0\0\64")
  if mac:sub(1, 32) ~= tag then return nil end
  local text = decrypt_cbc(key:sub(33, 64), iv, body)
  return text:sub(1, -1 - text:byte(-1))
end

local function try_to_open(one, side, number, info, iv, payload)
  local keys = one.handshake and secrets[one.handshake]
  if not keys or #payload > sdmp.prefs.decrypt_limit * 1024 then return end
  local way = side == 1 and "I2R" or "R2I"
  local text
  if info.profile == "published" then
    if keys.PUBLISHED_K then
      text = decrypt_cbc(keys.PUBLISHED_K, iv, payload)
      info.key = "the key of the session"
    end
  else
    local tries = {{"AP_", number - 2}}
    if number <= 1 then tries = {{"HS_", 0}} end
    if number == 2 then tries[2] = {"HS_", 1} end
    for _, try in ipairs(tries) do
      local key = keys[try[1] .. way]
      if key and not text then
        text = open_with(key, try[2], iv, payload)
        if text then info.key = try[1] .. way .. ", number " .. try[2] end
        info.tag = text and "right" or "wrong"
      end
    end
  end
  if text then info.plaintext = text:gsub("%z+$", "") end
end

local function describe_inside(info, number)
  local text = info.plaintext
  if text:find('"schemas":["signature"]', 1, true) then
    local header = base64url(member(text, "protected") or "") or ""
    info.kid = member(header, "kid")
    info.signed = base64url(member(text, "payload") or "")
  elseif text:find('"status":"not_found","identifier":""', 1, true) then
    info.kind, info.status = "refusal", "not_found"
  elseif text:find('"receipt":"sdmp/0.12 close ', 1, true) then
    info.kind = "close"
  elseif number >= 2 then
    info.kind = "message"
  end
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
    local p = info.p and base64url(info.p)
    info.group = p and #p * 8
    one.creation[side] = text
    if one.creation[1] and one.creation[2] then
      one.handshake = hex(sha512("sdmp/0.12 hardened" .. u32(one.creation[1]) .. one.creation[1]
        .. u32(one.creation[2]) .. one.creation[2])):sub(1, 64)
      info.handshake = one.handshake
    end
  elseif schema == "encrypted" then
    local iv, payload = member(text, "iv"), member(text, "payload")
    info.iv = iv
    local octets = payload and floor(#payload * 3 / 4) or 0
    info.sealed = octets
    info.profile = octets % 8192 == 0 and "published" or "hardened"
    info.padded = octets - octets % 8192
    local early = {{"M3", "FIN_I"}, {"M4", "FIN_R"}}
    info.kind = early[side][number] or "sealed"
    if info.profile == "published" and number == 2 then info.kind = "sealed" end
    read_key_log()
    if one.handshake and secrets[one.handshake] and iv and payload then
      local raw_iv, raw = base64url(iv), base64url(payload)
      if raw_iv and raw then try_to_open(one, side, number, info, raw_iv, raw) end
      if info.plaintext then describe_inside(info, number) end
    end
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
  add(tree, f.handshake, range, info.handshake)
  add(tree, f.iv, range, info.iv)
  add(tree, f.sealed, range, info.sealed)
  add(tree, f.padded, range, info.padded)
  add(tree, f.profile, range, info.profile)
  add(tree, f.status, range, info.status)
  add(tree, f.key, range, info.key)
  add(tree, f.tag, range, info.tag)
  add(tree, f.plaintext, range, info.plaintext)
  add(tree, f.kid, range, info.kid)
  add(tree, f.payload, range, info.signed)
  if info.tag == "wrong" then tree:add_proto_expert_info(e.tag) end
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
  secrets_from = nil
  if registered ~= sdmp.prefs.port then register() end
end
