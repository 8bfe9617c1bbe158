// A number that leads to the people behind it.

/** Of what is marked so the arrow keys go from one to the next, where the table around listens (rove). */
export function Way({ words, first = false, onChoose }: WayProps) {
  return (
    <button
      type="button"
      className="as-link"
      data-part
      tabIndex={first ? 0 : -1}
      aria-haspopup="dialog"
      onClick={onChoose}
    >
      {words}
    </button>
  );
}
type WayProps = {
  /** The number as it is read. */
  words: string;
  /** Whether the tab key stops here. */
  first?: boolean;
  onChoose: () => void;
};
