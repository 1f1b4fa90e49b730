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
  ParseIntPipe,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsEmail,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { Column, CreateDateColumn, DataSource, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** The same API as a CRUD server without events: NestJS, class-validator, a TypeORM repository. It checks no tokens. */
const ORGANIZATION_ID = randomUUID();

@Entity('tags')
class Tag {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('uuid', { name: 'organization_id', select: false }) organizationId: string;
  @Column('text') name: string;
  @Column('text', { nullable: true }) color: string | null;
  @Column('text', { default: 'Active' }) state: 'Active' | 'Inactive';
}

@Entity('end_users')
class EndUser {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('uuid', { name: 'organization_id', select: false }) organizationId: string;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
  @Column('text', { name: 'display_name', nullable: true }) displayName: string | null;
  @Column('text', { nullable: true }) email: string | null;
  @Column('text', { name: 'phone_number', nullable: true }) phoneNumber: string | null;
  @Column('text', { name: 'first_name', nullable: true }) firstName: string | null;
  @Column('text', { name: 'last_name', nullable: true }) lastName: string | null;
  @Column('text', { name: 'external_id', nullable: true }) externalId: string | null;
  @Column('text', { name: 'additional_emails', array: true, default: [] }) additionalEmails: string[];
  @Column('text', { name: 'additional_phone_numbers', array: true, default: [] }) additionalPhoneNumbers: string[];
  @Column('text', { name: 'additional_external_ids', array: true, default: [] }) additionalExternalIds: string[];
  @Column('text', { name: 'middle_names', array: true, default: [] }) middleNames: string[];
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}

@Entity('conversations')
class Conversation {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: string;
  @Column('uuid', { name: 'organization_id', select: false }) organizationId: string;
  @Column('uuid', { name: 'requester_id' }) requesterId: string;
  @Column('text') channel: string;
  @Column('text', { default: 'Open' }) state: string;
  @Column('text', { nullable: true }) subject: string | null;
  @Column('jsonb', { nullable: true, select: false }) message: object | null;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
  @CreateDateColumn({ type: 'timestamptz', name: 'state_updated_at' }) stateUpdatedAt: Date;
  @Column('text') direction: string;
  @Column('text', { name: 'from_email' }) fromEmail: string;
  @Column('text', { name: 'to_email' }) toEmail: string;
  @Column('text', { name: 'integration_email' }) integrationEmail: string;
}

class EndUserDto {
  @IsOptional() @IsString() @MaxLength(255) displayName?: string;
  @IsOptional() @IsEmail() email?: string;
  @IsOptional() @IsString() @MaxLength(40) phoneNumber?: string;
  @IsOptional() @IsString() @MaxLength(255) firstName?: string;
  @IsOptional() @IsString() @MaxLength(255) lastName?: string;
  @IsOptional() @IsString() @MaxLength(255) externalId?: string;
}

class EndUsersDto {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => EndUserDto)
  data: EndUserDto[];
}

class ConversationDto {
  @IsUUID() requesterId: string;
  @IsEmail() emailIntegrationId: string;
  @IsString() @IsNotEmpty() @MaxLength(1024) subject: string;
  @IsObject() message: object;
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
  constructor(private readonly source: DataSource) {}

  private get tags() {
    return this.source.getRepository(Tag);
  }

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

@Injectable()
class PeopleService {
  constructor(private readonly source: DataSource) {}

  async import(inputs: EndUserDto[]): Promise<EndUser[]> {
    const repository = this.source.getRepository(EndUser);
    return repository.save(
      inputs.map((input) => Object.assign(repository.create({ organizationId: ORGANIZATION_ID }), input)),
    );
  }

  async get(id: string): Promise<EndUser> {
    const user = await this.source.getRepository(EndUser).findOneBy({ id, organizationId: ORGANIZATION_ID });
    if (!user) throw new NotFoundException();
    return user;
  }

  async patch(id: string, input: EndUserDto): Promise<EndUser> {
    return this.source.getRepository(EndUser).save(Object.assign(await this.get(id), input));
  }

  list(take: number, skip: number): Promise<EndUser[]> {
    const [where, order] = [{ organizationId: ORGANIZATION_ID }, { createdAt: 'ASC', id: 'ASC' } as const];
    return this.source.getRepository(EndUser).find({ where, order, take, skip });
  }

  async converse({ requesterId, emailIntegrationId, ...input }: ConversationDto): Promise<Conversation> {
    const repository = this.source.getRepository(Conversation);
    const { email } = await this.get(requesterId);
    const addresses = { fromEmail: email ?? '', toEmail: emailIntegrationId, integrationEmail: emailIntegrationId };
    const origin = { requesterId, channel: 'Email', direction: 'Inbound', organizationId: ORGANIZATION_ID };
    return repository.save(repository.create({ ...input, ...origin, ...addresses }));
  }

  conversations(requesterId: string, take: number, skip: number): Promise<Conversation[]> {
    const where = { organizationId: ORGANIZATION_ID, requesterId };
    const order = { createdAt: 'DESC', id: 'DESC' } as const;
    return this.source.getRepository(Conversation).find({ where, order, take, skip });
  }
}

@Controller('v1')
class PeopleController {
  constructor(private readonly people: PeopleService) {}

  @Post('endusers/bulk')
  async import(@Body() { data }: EndUsersDto) {
    return { data: (await this.people.import(data)).map((user) => ({ _type: 'BulkActionSuccess', data: user })) };
  }

  @Get('endusers')
  async list(
    @Query('pageLimit', ParseIntPipe) limit: number,
    @Query('offset', new ParseIntPipe({ optional: true })) offset = 0,
  ) {
    return { data: await this.people.list(limit, offset) };
  }

  @Get('endusers/:id')
  async get(@Param('id', ParseUUIDPipe) id: string) {
    return { data: await this.people.get(id) };
  }

  @Patch('endusers/:id')
  async patch(@Param('id', ParseUUIDPipe) id: string, @Body() input: EndUserDto) {
    return { data: await this.people.patch(id, input) };
  }

  @Get('endusers/:id/conversations')
  async conversations(
    @Param('id', ParseUUIDPipe) id: string,
    @Query('pageLimit', ParseIntPipe) limit: number,
    @Query('offset', new ParseIntPipe({ optional: true })) offset = 0,
  ) {
    return { data: await this.people.conversations(id, limit, offset) };
  }

  @Post('conversations')
  async converse(@Body() input: ConversationDto) {
    return { data: await this.people.converse(input) };
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
  controllers: [TagsController, PeopleController, HealthController],
  providers: [
    TagsService,
    PeopleService,
    {
      provide: DataSource,
      useFactory: () =>
        new DataSource({
          type: 'postgres',
          url: process.env.DATABASE_URL,
          poolSize: 10,
          entities: [Tag, EndUser, Conversation],
        }).initialize(),
    },
  ],
})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: ['error'] });
app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
await app.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
