"""What the service says when it does not do what was asked."""


class Fault(Exception):
    """An answer that is no success."""

    def __init__(self, status, code, message="", headers=None):
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def unauthenticated(detail):
    """A signature that is not right, or not any more; the service gives all of these one code."""
    return Fault(403, "AuthenticationFailed",
                 "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
                 "correctly including the signature. " + detail)
