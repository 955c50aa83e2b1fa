import { gauge, type MetricFamily, type ScalarSample, single } from '../observe/metric.ts';

/** Where the name server sends clients, as metrics. `DnsPort` says it as it is. */

export interface DatacenterFacts {
  readonly name: string;
  readonly effective: string;
  readonly observed: {
    readonly health: string;
    /** `took`: in milliseconds. */
    readonly last: { readonly took: number } | undefined;
  };
}

/** `failingOpen`: for each that has nobody in service, the datacenters that are chosen among. */
export function datacenterFamilies(
  datacenters: readonly DatacenterFacts[],
  failingOpen: readonly (readonly string[])[],
): MetricFamily[] {
  const samples = (value: (datacenter: DatacenterFacts) => number | undefined): ScalarSample[] =>
    datacenters.flatMap((each) => {
      const is = value(each);
      return is === undefined ? [] : [{ labels: { datacenter: each.name }, value: is }];
    });
  return [
    gauge(
      'portico_dns_datacenter_up',
      'Whether checks say that a datacenter is there: 1 or 0; absent where nobody has checked it.',
      samples(({ observed }) => UP[observed.health]),
    ),
    gauge(
      'portico_dns_datacenter_in_service',
      'Whether answers may have a datacenter, by checks and operators: 1 or 0.',
      samples(({ effective }) => (effective === 'serving' ? 1 : 0)),
    ),
    gauge(
      'portico_dns_datacenter_check_duration_seconds',
      'How long the last check of a datacenter took.',
      samples(({ observed: { last } }) => last && last.took / 1000),
    ),
    gauge(
      'portico_dns_failing_open',
      'Whether some answers are given as if all datacenters were in service, as none is: 1 or 0.',
      single(failingOpen.length > 0 ? 1 : 0),
    ),
  ];
}

const UP: Readonly<Record<string, number>> = { up: 1, down: 0 };
