"""Signatures by Standard Webhooks."""

from functions.subscriptions.signature import headers, new_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_of_the_specification():
    told = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', signing=[SECRET], seconds=1_614_265_330)
    assert told == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_side_by_side():
    other = new_secret()
    both = headers("1", b"x", signing=[other, SECRET], seconds=1)["webhook-signature"].split(" ")
    assert both == [headers("1", b"x", signing=[one], seconds=1)["webhook-signature"] for one in (other, SECRET)]
    assert both[0] != both[1]


def test_secrets_are_random_and_long():
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in made)
