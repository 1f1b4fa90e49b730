import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Module,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Post,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { Column, DataSource, Entity, PrimaryGeneratedColumn, Repository } from 'typeorm';

/** The same API as a CRUD server without events: NestJS, class-validator, a TypeORM repository. No tokens. */
const ORGANIZATION_ID = randomUUID();

@Entity('tags')
class Tag {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('uuid', { name: 'organization_id', select: false }) organizationId: string;
  @Column('text') name: string;
  @Column('text', { nullable: true }) color: string | null;
  @Column('text', { default: 'Active' }) state: 'Active' | 'Inactive';
}

class CreateTagDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  name: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  color?: string;
}

@Injectable()
class TagsService {
  constructor(private readonly tags: Repository<Tag>) {}

  create({ name, color }: CreateTagDto): Promise<Tag> {
    return this.tags.save(this.tags.create({ name, color, organizationId: ORGANIZATION_ID }));
  }

  async get(id: string): Promise<Tag> {
    const tag = await this.tags.findOneBy({ id, organizationId: ORGANIZATION_ID });
    if (!tag) throw new NotFoundException();
    return tag;
  }
}

@Controller('v1/tags')
class TagsController {
  constructor(private readonly tags: TagsService) {}

  @Post()
  @HttpCode(200)
  async create(@Body() input: CreateTagDto): Promise<{ data: Tag }> {
    return { data: await this.tags.create(input) };
  }

  @Get(':id')
  async get(@Param('id', ParseUUIDPipe) id: string): Promise<{ data: Tag }> {
    return { data: await this.tags.get(id) };
  }
}

@Controller('health')
class HealthController {
  @Get()
  check(): { status: 'ok' } {
    return { status: 'ok' };
  }
}

@Module({
  controllers: [TagsController, HealthController],
  providers: [
    TagsService,
    {
      provide: DataSource,
      useFactory: () =>
        new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, poolSize: 10, entities: [Tag] }).initialize(),
    },
    { provide: Repository, inject: [DataSource], useFactory: (source: DataSource) => source.getRepository(Tag) },
  ],
})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: ['error'] });
app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
await app.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
