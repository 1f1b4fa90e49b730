import { isIP } from 'node:net';
import { IsOptional, ValidateBy } from 'class-validator';
import ipaddr from 'ipaddr.js';
import { AsList, Decimal, Each, Setting, Whole } from '#libs/platform/settings.js';

/** Returns whether a text is an origin as browsers send it, without a path or closing slash, or `*`. */
const isOrigin = (text: string) =>
  text === '*' || (/^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text);
const isAddress = (text: string) => isIP(text) > 0 || ipaddr.isValidCIDR(text);

/** The variables of the HTTP server. */
export class HttpSettings {
  @Setting(
    'The origin at which clients reach the API, such as `https://support.example`, for the OpenAPI document and the links between pages. Without it, these name the origin of each request.',
  )
  @IsOptional()
  @ValidateBy({
    name: 'origin',
    validator: {
      validate: (url) => typeof url === 'string' && url !== '*' && isOrigin(url),
      defaultMessage: () => 'PUBLIC_URL must be an origin such as https://support.example, without a path',
    },
  })
  PUBLIC_URL?: string;

  @Setting(
    'Origins whose scripts may call the API from browsers: `https://app.example,http://localhost:5173`, or `*` for all. See [Limits](#limits-of-requests).',
  )
  @AsList
  @Each('origin', isOrigin, 'CORS_ORIGINS must be origins such as https://app.example, or *')
  CORS_ORIGINS: string[] = [];

  @Setting(
    'Addresses and networks of your reverse proxies, comma-separated: `10.0.0.0/8,::1`. `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are accepted only from these.',
  )
  @AsList
  @Each('address', isAddress, 'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8')
  TRUSTED_PROXIES: string[] = [];

  @Setting('Time within which the headers of a request must arrive, 0.1 to 300.')
  @Decimal(0.1, 300)
  HTTP_HEADERS_TIMEOUT_SECONDS = 10;

  @Setting('Time within which a whole request must arrive, 0.1 to 300.')
  @Decimal(0.1, 300)
  HTTP_REQUEST_TIMEOUT_SECONDS = 30;

  @Setting('How long an idle connection is kept open, 0.1 to 3600. Use a longer time than the proxy in front.')
  @Decimal(0.1, 3600)
  HTTP_IDLE_TIMEOUT_SECONDS = 72;

  @Setting('Maximum number of connections at a time, 1 to 1000000. Further connections are closed at once.')
  @Whole(1, 1_000_000)
  HTTP_MAX_CONNECTIONS = 10_000;
}
