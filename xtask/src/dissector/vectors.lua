-- Known answers: FIPS 180-4 ("abc"), a message of three blocks, HMAC, SP 800-38A F.2.6, RFC 4648.
assert(hex(sha512("abc")) == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
  .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
assert(hex(sha512(string.rep("a", 300))) == "a6a77010dd9696c23831e6549de51724df332c2075039b75fcfe6c2e6de42fbd"
  .. "3c80ed4073267e00c8c320712c3cdd9d65a96f90a3fe4a58a6b70a103be08e83")
assert(hex(hmac_sha512("key", "The quick brown fox jumps over the lazy dog"))
  == "b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb"
  .. "82f948a549f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a")
local key = unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
local iv = unhex("000102030405060708090a0b0c0d0e0f")
local text = unhex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d")
assert(hex(decrypt_cbc(key, iv, text))
  == "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
assert(base64url("aGVsbG8") == "hello" and base64url("_-8") == string.char(0xff, 0xef))
assert(base64url("a*") == nil and base64url("a") == nil)
local stream = '{"a":"}\\""}\n{"b":{}}'
assert(object_end(stream, 1) == 11 and object_end(stream, 13) == 20 and not object_end('{"', 1))
print(_VERSION)
