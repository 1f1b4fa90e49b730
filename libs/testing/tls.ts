import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

/** A key and its certificate, in PEM. */
export interface KeyAndCertificate {
  key: string;
  cert: string;
}

const DAY_MS = 86_400_000;

/** An authority that this process trusts until it is forgotten. */
export interface Authority {
  /** Its own certificate, in PEM. */
  cert: string;
  /** Returns a certificate for a name. */
  certify(name: string): Promise<KeyAndCertificate>;
  /** Returns one that was valid until yesterday. */
  certifyExpired(name: string): Promise<KeyAndCertificate>;
  forget(): void;
}

export async function trustNewAuthority(): Promise<Authority> {
  const trusted = getCACertificates('default');
  const authority = await generate([{ name: 'commonName', value: 'Authority of a test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  setDefaultCACertificates([...trusted, authority.cert]);
  const ca = { key: authority.private, cert: authority.cert };
  const yesterday = new Date(Date.now() - DAY_MS);
  return {
    cert: authority.cert,
    certify: (name) => certificate(name, { ca }),
    certifyExpired: (name) =>
      certificate(name, { ca, notBeforeDate: new Date(Date.now() - 2 * DAY_MS), notAfterDate: yesterday }),
    forget: () => {
      setDefaultCACertificates(trusted);
    },
  };
}

/** Returns a self-signed certificate. */
export function certifyOneself(name: string): Promise<KeyAndCertificate> {
  return certificate(name, {});
}

async function certificate(name: string, options: Parameters<typeof generate>[1]): Promise<KeyAndCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    ...options,
  });
  return { key, cert };
}
