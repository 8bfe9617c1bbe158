// What goes into an app so that the unmodified SDK sends here.

export type Snippet = { id: string; language: string; code: string };
export type Place = { host: string; origin: string; accountId: string };

const TOKEN = "ACCOUNT_TOKEN";

/** The region of the Web SDK is left empty, since a host of one's own is given instead. */
const web = ({ host, accountId }: Place): string => `<script>
  var clevertap = {
    event: [], profile: [], account: [], onUserLogin: [], notifications: [],
    privacy: [], region: "", enablePersonalization: false,
  };
  clevertap.account.push({ id: "${accountId}" }, "", "${host}");
  clevertap.privacy.push({ optOut: false }, { useIP: false });
  (function () {
    var script = document.createElement("script");
    script.async = true;
    // From your own copy of the npm package clevertap-web-sdk.
    script.src = "/clevertap.min.js";
    document.head.appendChild(script);
  })();
</script>`;

const android = ({ host, accountId }: Place): string => `<!-- AndroidManifest.xml, in <application> -->
<meta-data android:name="CLEVERTAP_ACCOUNT_ID" android:value="${accountId}" />
<meta-data android:name="CLEVERTAP_TOKEN" android:value="${TOKEN}" />
<meta-data android:name="CLEVERTAP_PROXY_DOMAIN" android:value="${host}" />`;

const ios = ({ host, accountId }: Place): string => `<!-- Info.plist -->
<key>CleverTapAccountID</key>
<string>${accountId}</string>
<key>CleverTapToken</key>
<string>${TOKEN}</string>
<key>CleverTapProxyDomain</key>
<string>${host}</string>`;

const rest = ({ origin, accountId }: Place): string => `curl ${origin}/1/upload \\
  -H 'X-CleverTap-Account-Id: ${accountId}' \\
  -H 'X-CleverTap-Passcode: PASSCODE' \\
  -H 'Content-Type: application/json' \\
  -d '{"d": [{"identity": "u1", "type": "event", "evtName": "Viewed", "evtData": {"plan": "gold"}}]}'`;

export const SNIPPETS: { id: "web" | "android" | "ios" | "rest"; code: (place: Place) => string }[] =
  [
    { id: "web", code: web },
    { id: "android", code: android },
    { id: "ios", code: ios },
    { id: "rest", code: rest },
  ];
