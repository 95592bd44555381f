// Keys and signatures that others made: those of RFC 7515, appendix A, and some of OpenSSL's.
#pragma once

#include <string_view>

namespace matchbus::bus::vectors {

// RFC 7515, appendices A.1 to A.3; all have the same payload.
inline constexpr std::string_view kRfcPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
inline constexpr std::string_view kRfcHs256Header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
inline constexpr std::string_view kRfcHs256Key =  // base64url
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
inline constexpr std::string_view kRfcHs256Signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr std::string_view kRfcRs256Header = "eyJhbGciOiJSUzI1NiJ9";
inline constexpr std::string_view kRfcRs256Key = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view kRfcRs256Signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
    "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
    "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
    "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
inline constexpr std::string_view kRfcEs256Header = "eyJhbGciOiJFUzI1NiJ9";
inline constexpr std::string_view kRfcEs256Key = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view kRfcEs256Signature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// {"sub":"u1","exp":4000000000}
inline constexpr std::string_view kRs256Token =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsImV4cCI6NDAwMDAwMDAwMH0.XB-907cQvs1MzXx5cTFNomX"
    "_H7heA0X8W7qYwAmMRmrNcrauwPM9pNYZH-_T3_9_jgZmriDZRYBnORscvhSaLyNH54jamZdPmz-7m2AWgH9npJ-izgKu2c8WgyP"
    "GEOOcN6MdjlLqW8h7qDRU1lMi-tP2VgHb_4SSRsWBfwV0M2JVehQbE0mv_Gw5N-DWg0JZJF-160xwaXIn0dOU6hVxw1g22JqpLUG"
    "hyN5GRPsO62JuYWPz4HtoiVDssPC-FaS3bm4K7ZLLUEAyijWRUT28AZcgL8ytdxExx6NUelDu3eMXirUZ7WS3qP8ixzUUxQUAFU3"
    "FpryOAjZY48N8HDYa7A";
inline constexpr std::string_view kRs256Key = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuAwJABx1KUIepvdZd64c
4tsIwT0+B4JMCYpGfKs7FSWEaVj+vSYAx7Nt/ogO1sMzIUyw/xIT7dLzylShrzR4
1n1EmNfaOM2osJdELc0wLrcA2CQkBuJWPzKjfszPCnUEQwtFMFY85lcTArcmCQGq
Atd2B/1JzOE3ufpeJuxwvNa+2w7bbUrfAsTkhrwsoj0vUkEdRfPmKruVeYbHwBh3
+jtrKwPLV1XPFkvOmhcWzkIpkYRvTY3fnykKAFKRQad7VjXDXricsloZkfgT5qqF
gPl46BAWuyS+HjhO2zozsgYhy5EjkwUdlPI0ZVKwc8Y4YUPNUitKceFejuNu2QVd
gQIDAQAB
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view kEs256Token =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsImV4cCI6NDAwMDAwMDAwMH0.cg74YZA0VcNBnqir7HrkHn8"
    "LDFv7iQxOU7g-nTn4mIbkVmQyDTtw68-RD75GNV_cpsUSsHrzqozHEFmeNxBwBA";
inline constexpr std::string_view kEs256Key = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFlFcQFMrU360mOQ8JqtZda7AI9Cl
LSPLJQPSqe/jPeXxwlq7f2JMqKfTLBqaxMJowVVRuAWX6rcCbSrsHcAvpw==
-----END PUBLIC KEY-----
)";
// The signature as DER, not as RFC 7518 has it.
inline constexpr std::string_view kEs256DerToken =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsImV4cCI6NDAwMDAwMDAwMH0.MEQCIBf256OUvNNExMuR-bG"
    "Ikcxni82lI54SA_7ZIENnX5RxAiAP_bkGQisyZtwJT0we92LN3ukBH4dtQyZJ0ucw9hJ-SQ";

// Public keys that are no good.
inline constexpr std::string_view kSecp256k1Key = R"(-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEBnN5mm6Q2G68eKVH6DcMaQ2j+XDY+S6v
htxRhyPBzzg46O5OaPmL0l4KfIbx3IExwBqVErt1dP8VS8UZTi//KA==
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view kP384Key = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEb9bCyQPPUTq05Rl06ED+VTGdv2JXJVq5
smYlrbNXVW42k+UTeHR8g4I7mbTeg04MUnmCF4Oe2FSkngzIQkMOjeUnGNx3cUrD
WB3b5+CH5az6uzlYLNGF49arzGNj/gjF
-----END PUBLIC KEY-----
)";
inline constexpr std::string_view kRsa1024Key = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDPxaBMufApT23OOcCKn1NKklcE
+oRVLhvfYpsmv3BBSbS5kWjcf7v7vn0v+4rMOlg1i6fTZw6duf1QVgdXfnLK9/Gn
SaVXnWEAn0oK3ncPzAKphwd5znCyZYMp+qH1YCuQZ7OJhj0m95q+obKAanxGvtOn
APxC4+yF1WHJeuZ02wIDAQAB
-----END PUBLIC KEY-----
)";

}  // namespace matchbus::bus::vectors
