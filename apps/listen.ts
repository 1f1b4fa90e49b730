import { createServer } from 'node:net';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config } from '#libs/platform/config.js';
import { reasonOf } from '#libs/platform/reason.js';
import { StartupError } from '#libs/platform/startup-error.js';

/** @throws {StartupError} when the port is not to be had, before anything else is begun */
export async function checkPort({ port, host }: Config): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () =>
      server.close(() => {
        resolve();
      }),
    );
  }).catch((error: unknown) => {
    throw refused(port, host, error);
  });
}

/** Begins to serve, and answers the base URL. @throws {StartupError} when the port is not to be had */
export async function listen(app: NestFastifyApplication, { port, host }: Config): Promise<string> {
  try {
    // Fastify's own, for Nest's would log what is told below.
    await app.getHttpAdapter().getInstance().listen({ port, host });
  } catch (error) {
    throw refused(port, host, error);
  }
  const { port: actual } = app.getHttpServer().address() as { port: number };
  return `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${actual}`;
}

function refused(port: number, host: string, error: unknown): StartupError {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return new StartupError(`Port ${port} is taken. Stop the program that uses it, or set PORT to another.`);
  }
  return new StartupError(`Cannot listen on ${host}:${port} (${reasonOf(error)}). Set HOST and PORT to others.`);
}
