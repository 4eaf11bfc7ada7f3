-- What Wireshark gives a dissector, as far as loading it takes: so its framing can be tried with
-- any Lua.
local any = setmetatable({}, {__index = function() return function() return {} end end})
local proto = {prefs = setmetatable({}, {__newindex = function(t, k) rawset(t, k, 1) end})}
Proto = function() return proto end
Pref, ProtoField, ProtoExpert = any, any, any
expert = {group = {}, severity = {}}
Field = {new = function() return function() end end}
DissectorTable = {get = function() return {add = function() end, remove = function() end} end}
