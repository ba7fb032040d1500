# What each rule of python.yaml finds (`ruleid`) and what it leaves alone (`ok`): read by semgrep, never run.
import hmac, jwt, os, pickle, random, secrets, ssl, subprocess, yaml
from sqlalchemy import text
from starlette.responses import RedirectResponse


async def ask(request, connection, log):
    # ruleid: sql-from-text
    await connection.execute(f"select * from documents where title = '{request.headers}'")
    # ok: sql-from-text
    await connection.execute("select * from documents where title = :title", {"title": request.headers})
    # ruleid: request-in-log
    log.info("asked", body=await request.json())
    # ok: request-in-log
    log.info("asked", route="/api/v1/answers")
    # ruleid: header-in-redirect
    return RedirectResponse(request.query_params["next"])


def onward():
    # ok: header-in-redirect
    return RedirectResponse("/")


def tokens(token, key, claims):
    # ruleid: token-not-verified
    jwt.decode(token, key, options={"verify_signature": False})
    # ok: token-not-verified
    jwt.decode(token, key, algorithms=["ES256"])
    # ruleid: none-algorithm
    jwt.decode(token, key, algorithms=["ES256", "none"])
    # ok: none-algorithm
    jwt.encode({"alg": "ES256"}, claims, key)
    # ruleid: none-algorithm
    jwt.encode({"alg": "none"}, claims, key)
    # ruleid: secret-from-random
    ticket = "".join(random.choice("abc") for _ in range(9))
    # ok: secret-from-random
    ticket = secrets.token_urlsafe(32)
    # ruleid: compared-in-time
    return claims.csrf == key


def right(signature, given):
    # ok: compared-in-time
    return hmac.compare_digest(signature, given)


def wires(client, context):
    # ruleid: certificate-not-verified
    client.get("https://example.org", verify=False)
    # ruleid: certificate-not-verified
    context.check_hostname = False
    # ok: certificate-not-verified
    client.get("https://example.org", verify="ca.pem")


def commands(name, raw):
    # ruleid: command-from-text
    subprocess.run(f"ls {name}", shell=True)
    # ok: command-from-text
    subprocess.run(["ls", name])
    # ruleid: command-from-text
    os.system(name)
    # ruleid: objects-from-bytes
    pickle.loads(raw)
    # ok: objects-from-bytes
    yaml.safe_load(raw)
    # ruleid: code-from-text
    eval(raw)


def ciphers(algorithms, modes, iv):
    # ruleid: weak-cipher
    modes.CBC(iv)
    # ok: weak-cipher
    modes.GCM(iv)
