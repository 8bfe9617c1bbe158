"""Says which of the requests on standard input standardwebhooks accepts.

Input: [{"secret", "headers", "body"}]. Output: a list of booleans.
"""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def accepted(request):
    try:
        Webhook(request["secret"]).verify(request["body"], request["headers"])
        return True
    except WebhookVerificationError:
        return False


print(json.dumps([accepted(request) for request in json.load(sys.stdin)]))
