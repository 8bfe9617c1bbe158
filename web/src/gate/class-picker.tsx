import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { classProperty } from "../api/gate";
import type { DataClass } from "../api/names";
import { CLASSES } from "../filters/classes";
import { texts } from "./texts";

type Choice = { name: string; chosen: DataClass };

/** Classes a property; in force for the next event that comes. */
export function useClassing() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, chosen }: Choice) => classProperty(name, chosen),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ["gate"] });
      await queries.invalidateQueries({ queryKey: ["properties"] });
    },
  });
}

export function ClassPicker({ name, value, onChoose }: ClassPickerProps) {
  return (
    <NativeSelect
      aria-label={texts.classOf(name)}
      className="class-picker"
      value={value ?? ""}
      data={[
        ...(value === null ? [{ value: "", label: texts.choose }] : []),
        ...CLASSES.map(({ value: one, means }) => ({ value: one, label: `${one} (${means})` })),
      ]}
      onChange={(event) => {
        const chosen = CLASSES.find((one) => one.value === event.currentTarget.value);
        if (chosen) onChoose({ name, chosen: chosen.value });
      }}
    />
  );
}
type ClassPickerProps = {
  name: string;
  value: DataClass | null;
  onChoose: (choice: Choice) => void;
};
