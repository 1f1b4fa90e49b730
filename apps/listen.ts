import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config } from '#libs/platform/config.js';
import { StartupError } from '#libs/platform/startup-error.js';

/** Begins to serve, and answers the base URL. @throws {StartupError} when the port is not to be had */
export async function listen(app: NestFastifyApplication, { port, host }: Config): Promise<string> {
  try {
    // Fastify's own, for Nest's would log what is told below.
    await app.getHttpAdapter().getInstance().listen({ port, host });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new StartupError(`Port ${port} is taken. Stop the program that uses it, or set PORT to another.`);
    }
    throw new StartupError(`Cannot listen on ${host}:${port} (${code ?? message}). Set HOST and PORT to others.`);
  }
  const { port: actual } = app.getHttpServer().address() as { port: number };
  return `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${actual}`;
}
