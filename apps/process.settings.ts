import { IsIn, IsOptional, IsUrl, MinLength, ValidateBy } from 'class-validator';
import { Setting, Whole } from '#libs/platform/settings.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The variables of every process. */
export class ProcessSettings {
  @Setting('The port that the API listens on. `0` picks any free port.')
  @Whole(0, 65_535)
  PORT = 3000;

  @Setting('The address that the API listens on. `0.0.0.0` means all addresses, as containers need.')
  @MinLength(1, { message: 'HOST must not be empty' })
  HOST = 'localhost';

  @Setting(
    'The lowest level of log lines that are written: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
  )
  @IsIn(LOG_LEVELS, { message: `LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';

  @Setting(
    'How long the API continues to serve after it was told to stop, so that load balancers notice, 0 to 300. `npm start` uses `0` unless this is set. See [Stop and restart](#stop-and-restart).',
  )
  @Whole(0, 300)
  SHUTDOWN_DELAY_SECONDS = 5;

  @Setting(
    'Requests that take at least this many milliseconds are logged, 0 to 3600000; `0` means all. See [Logs](#logs).',
  )
  @Whole(0, 3_600_000)
  LOG_SLOW_MS = 1000;

  @Setting(
    'How long the event loop of a process may be blocked before the process ends itself, 0 to 3600; `0` means never. See [Stop and restart](#stop-and-restart).',
  )
  @Whole(0, 3600)
  EVENT_LOOP_TIMEOUT_SECONDS = 30;

  @Setting(
    'The port on `HOST` where each process serves its metrics. `0` picks any free port. Without it, no metrics are served.',
  )
  @IsOptional()
  @Whole(0, 65_535)
  @ValidateBy({
    name: 'apart',
    validator: {
      validate: (port, args) => port === 0 || port !== (args?.object as ProcessSettings).PORT,
      defaultMessage: () => 'METRICS_PORT must differ from PORT',
    },
  })
  METRICS_PORT?: number;

  @Setting(
    'The port on `HOST` where a worker answers `/health/live` and `/health/ready`. `0` picks any free port. Without it, a worker answers neither. The API answers both on `PORT`.',
  )
  @IsOptional()
  @Whole(0, 65_535)
  @ValidateBy({
    name: 'apart',
    validator: {
      validate: (port, args) => port === 0 || port !== (args?.object as ProcessSettings).METRICS_PORT,
      defaultMessage: () => 'WORKER_PORT must differ from METRICS_PORT',
    },
  })
  WORKER_PORT?: number;

  @Setting(
    'The base URL of an OpenTelemetry receiver that takes OTLP over HTTP, such as `http://localhost:4318`. Without it, no traces are made. See [Traces](#traces).',
  )
  @IsOptional()
  @IsUrl(
    { protocols: ['http', 'https'], require_protocol: true, require_tld: false, require_valid_protocol: true },
    { message: 'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4318' },
  )
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
}
