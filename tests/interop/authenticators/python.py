# The same in Python, by pyotp.
import hashlib, json, sys
import pyotp

asked = json.load(sys.stdin)
hashes = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
codes = [pyotp.TOTP(c["secret"], digits=c["digits"], digest=hashes[c["algorithm"]], interval=c["period"]).at(c["at"]) for c in asked["codes"]]
uris = []
for uri in asked["uris"]:
    try:
        t = pyotp.parse_uri(uri)
    except ValueError:
        uris.append({})
        continue
    uris.append({"issuer": t.issuer, "account": t.name, "secret": t.secret, "algorithm": t.digest().name.upper(), "digits": t.digits, "period": t.interval})
json.dump({"codes": {"pyotp": codes}, "uris": {"pyotp": uris}}, sys.stdout)
