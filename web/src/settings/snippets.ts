// What goes into a site or an app so that the unmodified SDK sends here: the names of
// clevertap-web-sdk 2.5, clevertap-android-sdk 8.2 and clevertap-ios-sdk 7.7.

export type Place = { host: string; origin: string; accountId: string };

/** Stands for what only the publisher's maker has seen. */
const TOKEN = "ACCOUNT_TOKEN";

/** The arguments are account, region, host and token: a region would be put before the host. */
const web = ({ host, accountId }: Place): string => `<script>
  var clevertap = {
    event: [], profile: [], account: [], onUserLogin: [], notifications: [], privacy: [],
  };
  clevertap.account.push({ id: "${accountId}" }, "", "${host}", "${TOKEN}");
  // useIP: true also keeps the country of a visit, where the policy allows it.
  clevertap.privacy.push({ optOut: false }, { useIP: false });
  (function () {
    var script = document.createElement("script");
    script.async = true;
    // Your own copy of clevertap.min.js from the npm package clevertap-web-sdk.
    script.src = "/clevertap.min.js";
    document.head.appendChild(script);
  })();
</script>`;

const npm = ({ host, accountId }: Place): string => `import clevertap from "clevertap-web-sdk";

clevertap.privacy.push({ optOut: false }, { useIP: false });
clevertap.init("${accountId}", "", "${host}", "${TOKEN}");`;

const android = ({ host, accountId }: Place): string => `<!-- AndroidManifest.xml, in <application> -->
<meta-data android:name="CLEVERTAP_ACCOUNT_ID" android:value="${accountId}" />
<meta-data android:name="CLEVERTAP_TOKEN" android:value="${TOKEN}" />
<meta-data android:name="CLEVERTAP_PROXY_DOMAIN" android:value="${host}" />
<meta-data android:name="CLEVERTAP_SPIKY_PROXY_DOMAIN" android:value="${host}" />`;

const ios = ({ host, accountId }: Place): string => `<!-- Info.plist -->
<key>CleverTapAccountID</key>
<string>${accountId}</string>
<key>CleverTapToken</key>
<string>${TOKEN}</string>
<key>CleverTapProxyDomain</key>
<string>${host}</string>
<key>CleverTapSpikyProxyDomain</key>
<string>${host}</string>`;

const rest = ({ origin, accountId }: Place): string => `curl ${origin}/1/upload \\
  -H 'X-CleverTap-Account-Id: ${accountId}' \\
  -H 'X-CleverTap-Passcode: PASSCODE' \\
  -H 'Content-Type: application/json' \\
  -d '{"d": [{"identity": "u1", "type": "event", "evtName": "Viewed", "evtData": {"plan": "gold"}}]}'`;

export type SnippetId = "web" | "npm" | "android" | "ios" | "rest";
export const SNIPPETS: { id: SnippetId; code: (place: Place) => string }[] = [
  { id: "web", code: web },
  { id: "npm", code: npm },
  { id: "android", code: android },
  { id: "ios", code: ios },
  { id: "rest", code: rest },
];
