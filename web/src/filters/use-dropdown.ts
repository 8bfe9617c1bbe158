import { useState } from "react";

/** Choices below a text, which close once the text is settled by the keyboard. */
export function useDropdown() {
  const [opened, setOpened] = useState(false);
  const props = {
    dropdownOpened: opened,
    onDropdownOpen: () => setOpened(true),
    onDropdownClose: () => setOpened(false),
  };
  return { props, close: () => setOpened(false) };
}
