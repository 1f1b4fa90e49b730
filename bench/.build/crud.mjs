function _ts_decorate(decorators, target, key, desc) {
  var c = arguments.length,
    r = c < 3 ? target : desc === null ? (desc = Object.getOwnPropertyDescriptor(target, key)) : desc,
    d;
  if (typeof Reflect === 'object' && typeof Reflect.decorate === 'function') {
    r = Reflect.decorate(decorators, target, key, desc);
  } else {
    for (var i = decorators.length - 1; i >= 0; i--) {
      if ((d = decorators[i])) {
        r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
      }
    }
  }
  return (c > 3 && r && Object.defineProperty(target, key, r), r);
}
function _ts_metadata(metadataKey, metadataValue) {
  if (typeof Reflect === 'object' && typeof Reflect.metadata === 'function') {
    return Reflect.metadata(metadataKey, metadataValue);
  }
}
function _ts_param(paramIndex, decorator) {
  return function (target, key) {
    decorator(target, key, paramIndex);
  };
}
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
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { Column, DataSource, Entity, PrimaryGeneratedColumn, Repository } from 'typeorm';
/** The same API as a CRUD server without events: NestJS, class-validator, a TypeORM repository. No tokens. */ const ORGANIZATION_ID =
  randomUUID();
let Tag = class Tag {
  id;
  organizationId;
  name;
  color;
  state;
};
_ts_decorate([PrimaryGeneratedColumn('uuid'), _ts_metadata('design:type', String)], Tag.prototype, 'id', void 0);
_ts_decorate(
  [
    Column('uuid', {
      name: 'organization_id',
      select: false,
    }),
    _ts_metadata('design:type', String),
  ],
  Tag.prototype,
  'organizationId',
  void 0,
);
_ts_decorate([Column('text'), _ts_metadata('design:type', String)], Tag.prototype, 'name', void 0);
_ts_decorate(
  [
    Column('text', {
      nullable: true,
    }),
    _ts_metadata('design:type', Object),
  ],
  Tag.prototype,
  'color',
  void 0,
);
_ts_decorate(
  [
    Column('text', {
      default: 'Active',
    }),
    _ts_metadata('design:type', String),
  ],
  Tag.prototype,
  'state',
  void 0,
);
Tag = _ts_decorate([Entity('tags')], Tag);
let CreateTagDto = class CreateTagDto {
  name;
  color;
};
_ts_decorate(
  [IsString(), IsNotEmpty(), MaxLength(255), _ts_metadata('design:type', String)],
  CreateTagDto.prototype,
  'name',
  void 0,
);
_ts_decorate(
  [IsOptional(), IsString(), MaxLength(64), _ts_metadata('design:type', String)],
  CreateTagDto.prototype,
  'color',
  void 0,
);
let TagsService = class TagsService {
  tags;
  constructor(tags) {
    this.tags = tags;
  }
  create(input) {
    return this.tags.save(
      this.tags.create({
        ...input,
        organizationId: ORGANIZATION_ID,
      }),
    );
  }
  async get(id) {
    const tag = await this.tags.findOneBy({
      id,
      organizationId: ORGANIZATION_ID,
    });
    if (!tag) throw new NotFoundException();
    return tag;
  }
};
TagsService = _ts_decorate(
  [
    Injectable(),
    _ts_metadata('design:type', Function),
    _ts_metadata('design:paramtypes', [typeof Repository === 'undefined' ? Object : Repository]),
  ],
  TagsService,
);
let TagsController = class TagsController {
  tags;
  constructor(tags) {
    this.tags = tags;
  }
  async create(input) {
    return {
      data: await this.tags.create(input),
    };
  }
  async get(id) {
    return {
      data: await this.tags.get(id),
    };
  }
};
_ts_decorate(
  [
    Post(),
    HttpCode(200),
    _ts_param(0, Body()),
    _ts_metadata('design:type', Function),
    _ts_metadata('design:paramtypes', [typeof CreateTagDto === 'undefined' ? Object : CreateTagDto]),
    _ts_metadata('design:returntype', Promise),
  ],
  TagsController.prototype,
  'create',
  null,
);
_ts_decorate(
  [
    Get(':id'),
    _ts_param(0, Param('id', ParseUUIDPipe)),
    _ts_metadata('design:type', Function),
    _ts_metadata('design:paramtypes', [String]),
    _ts_metadata('design:returntype', Promise),
  ],
  TagsController.prototype,
  'get',
  null,
);
TagsController = _ts_decorate(
  [
    Controller('v1/tags'),
    _ts_metadata('design:type', Function),
    _ts_metadata('design:paramtypes', [typeof TagsService === 'undefined' ? Object : TagsService]),
  ],
  TagsController,
);
let HealthController = class HealthController {
  check() {
    return {
      status: 'ok',
    };
  }
};
_ts_decorate(
  [
    Get(),
    _ts_metadata('design:type', Function),
    _ts_metadata('design:paramtypes', []),
    _ts_metadata('design:returntype', Object),
  ],
  HealthController.prototype,
  'check',
  null,
);
HealthController = _ts_decorate([Controller('health')], HealthController);
let AppModule = class AppModule {};
AppModule = _ts_decorate(
  [
    Module({
      controllers: [TagsController, HealthController],
      providers: [
        TagsService,
        {
          provide: DataSource,
          useFactory: () =>
            new DataSource({
              type: 'postgres',
              url: process.env.DATABASE_URL,
              poolSize: 10,
              entities: [Tag],
            }).initialize(),
        },
        {
          provide: Repository,
          inject: [DataSource],
          useFactory: (source) => source.getRepository(Tag),
        },
      ],
    }),
  ],
  AppModule,
);
const app = await NestFactory.create(AppModule, new FastifyAdapter(), {
  logger: ['error'],
});
app.useGlobalPipes(
  new ValidationPipe({
    transform: true,
    whitelist: true,
  }),
);
await app.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
