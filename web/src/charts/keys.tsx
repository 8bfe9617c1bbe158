// Which colour is which, where there is no room beside what is drawn.

export function Keys({ names, tints }: { names: string[]; tints: string[] }) {
  return (
    <ul className="keys">
      {names.map((name, place) => (
        <li key={name}>
          <span style={{ background: tints[place] }} aria-hidden /> {name}
        </li>
      ))}
    </ul>
  );
}
