"""F11: the tool does not let the account in, or no longer, or takes it for nobody."""

from itss_bridge_playground.faults.bodies import login_page
from itss_bridge_playground.faults.dialects import Part, dialect, set_rows
from itss_bridge_playground.faults.kind import DENIED, UNAVAILABLE, Fault, Kind, Strikes, plain
from itss_bridge_playground.faults.statuses import refused, status
from itss_bridge_playground.messages import Answer, Request


def unauthorised(_request: Request, answer: Answer) -> Answer:
    """The credentials are not accepted."""
    return refused(answer, 401, "User Not Authenticated")


def _anonymous(request: Request, answer: Answer) -> Answer:
    """Nobody is signed in, and nothing is shown to nobody; ServiceNow counts what it does not show."""
    words = dialect(request)
    part = words.part(request)
    if part is Part.WHO and words.name != "servicenow":
        if request.path.endswith(("/myself", "/current")):
            answer.body = {"type": "anonymous", "displayName": "Anonymous", "timeZone": "UTC"}
    elif part is Part.COUNT and words.name == "jira":
        answer.body = {"count": 0}
    else:
        set_rows(request, answer, [])
        answer.body.pop("nextPageToken", None)
        answer.body |= {"isLast": True} if words.name == "jira" else {}
    return answer


_LOCKED: Fault = status(403, "CAPTCHA_CHALLENGE", X_Seraph_LoginReason="AUTHENTICATION_DENIED")

KINDS = (
    Kind("unauthorised", "F11", "the credentials are wrong", Strikes(), DENIED, plain(unauthorised)),
    Kind("account-locked", "F11", "the account is locked after too many failures", Strikes(), DENIED, plain(_LOCKED)),
    Kind("expired-mid-run", "F11", "the token expires after the first page", Strikes(Part.EVERY ^ Part.WHO, 2), DENIED,
         plain(unauthorised)),
    Kind("revoked-mid-run", "F11", "the rights are revoked after the first page", Strikes(Part.EVERY ^ Part.WHO, 2),
         DENIED, plain(status(403, "Forbidden"))),
    Kind("second-factor", "F11", "a page asks for the second factor before anything else", Strikes(Part.WHO),
         UNAVAILABLE, plain(login_page)),
    Kind("anonymous", "F11", "the account is taken for nobody, and nobody sees nothing", Strikes(), DENIED,
         plain(_anonymous), ends_for=(("servicenow", UNAVAILABLE),)),
)  # fmt: skip
