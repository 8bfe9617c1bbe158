// Who saved which version when; one of them can be brought back into the editor.
import { Button, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { type Template, templateVersion, templateVersions } from "../api/templates";
import { moment } from "../ui/numbers";
import { Answered, Failed, Panel } from "../ui/panel";
import { texts } from "./texts";

export function Versions({ of, zone, onBring }: VersionsProps) {
  const asked = useQuery(templateVersions(of.id));
  const bring = useMutation({
    mutationFn: (version: number) => templateVersion(of.id, version),
    onSuccess: onBring,
  });
  return (
    <Panel title={texts.versions}>
      <Text size="sm" className="quiet" mb={8}>
        {texts.bringHint}
      </Text>
      {bring.error && <Failed error={bring.error} />}
      <Answered query={asked} height={120}>
        {({ versions }) => (
          <div className="wide" tabIndex={0} role="region" aria-label={texts.versions}>
            <table className="numbers tight">
              <thead>
                <tr>
                  <th>{texts.version}</th>
                  <th>{texts.when}</th>
                  <th>{texts.who}</th>
                  <th aria-label={texts.bring} />
                </tr>
              </thead>
              <tbody>
                {versions.map(({ version, at, actor }) => (
                  <tr key={version}>
                    <td>{version}</td>
                    <td>{moment(at, zone)}</td>
                    <td>{actor}</td>
                    <td className="number">
                      {version === of.version ? (
                        <span className="quiet">{texts.now}</span>
                      ) : (
                        <Button
                          size="xs"
                          variant="default"
                          loading={bring.isPending && bring.variables === version}
                          onClick={() => bring.mutate(version)}
                        >
                          {texts.bring}
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Answered>
    </Panel>
  );
}
type VersionsProps = { of: Template; zone: string; onBring: (was: Template) => void };
