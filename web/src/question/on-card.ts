// Whether an answer stands on a card of a board, where there is less room and its page has the rest.
import { createContext, useContext } from "react";

export const OnCard = createContext(false);
export const useOnCard = (): boolean => useContext(OnCard);
