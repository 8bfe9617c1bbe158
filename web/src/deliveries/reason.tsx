// Why a message did not go or arrive, in words; where it is for its address, with the way to the list
// of those that are never written to.
import { Link } from "@tanstack/react-router";

import { texts } from "./texts";
import { reasonInWords } from "./words";

/** Reasons for which an address is on the list, or comes onto it. */
const OF_ADDRESSES = ["suppressed", "no_such_address", "bounced", "complaint"];

export function Reason({ of }: { of: string }) {
  if (!OF_ADDRESSES.includes(of)) return <>{reasonInWords(of)}</>;
  return (
    <Link to="/settings" search={{ tab: "suppressions" }} title={texts.toSuppressions}>
      {reasonInWords(of)}
    </Link>
  );
}
