import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    period: "Period",
    from: "From",
    until: "Until",
    apply: "Apply",
    compare: "Compare with the period before",
    compared: "compared",
    anyEvent: "any event",
    event: "Event",
    property: "Property",
    value: "Value",
    operator: "Condition",
    where: "where",
    and: "and",
    addCondition: "Add a condition",
    removeCondition: "Remove the condition",
    by: "by",
    noBreakdown: "no breakdown",
    ofPerson: "of the person",
    ofEvent: "of the event",
    nothing: "Nothing by this name",
    several: "Several, one after another: press Enter after each",
  },
  hi: { period: "अवधि", from: "से", until: "तक", apply: "लागू करें" },
});
