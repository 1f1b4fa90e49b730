import { faultOfRedisUrl, parseRedisUrl } from './redis-url.js';

describe('The URL of Redis', () => {
  it('names a node, or several of a cluster', () => {
    const [a, b] = [
      { host: 'a', port: 6379 },
      { host: 'b', port: 7000 },
    ];
    expect(parseRedisUrl('redis://a')).toMatchObject({ hosts: [a], tls: false, db: 0, prefix: 'deskstream' });
    expect(parseRedisUrl('redis://a:6379/3')).toMatchObject({ hosts: [a], db: 3 });
    expect(parseRedisUrl('rediss://a,b:7000')).toMatchObject({ hosts: [a, b], tls: true });
    expect(parseRedisUrl('redis://[::1]:7000/').hosts).toEqual([{ host: '::1', port: 7000 }]);
  });

  it('has a user and a password, whose special characters are encoded', () => {
    const login = { username: 'user', password: 'p@ss/word' };
    expect(parseRedisUrl('redis://user:p%40ss%2Fword@a,b')).toMatchObject(login);
    expect(parseRedisUrl('redis://:secret@a')).toMatchObject({ username: undefined, password: 'secret' });
  });

  it('names sentinels, with the master and what they ask for', () => {
    const url = 'rediss+sentinel://u:p@a,b:7000/main/2?sentinelUsername=s&sentinelPassword=q%26&prefix=staging';
    expect(parseRedisUrl(url)).toEqual({
      ...{
        hosts: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 7000 },
        ],
        master: 'main',
        db: 2,
        tls: true,
      },
      ...{ username: 'u', password: 'p', sentinelUsername: 's', sentinelPassword: 'q&', prefix: 'staging' },
    });
  });

  it.each([
    ['localhost', 'look like redis://host:6379, redis://host:6379,host:6379'],
    ['http://a', 'look like redis://'],
    ['redis://', 'look like redis://'],
    ['redis://a,,b', 'look like redis://'],
    ['redis://a:66666', 'look like redis://'],
    ['redis://:p@ss@a', 'look like redis://'],
    ['redis://:p/w@a', 'look like redis://'],
    ['redis://:100%@a', 'have the character % in a password as %25'],
    ['redis://a/one', 'have a number after the last slash'],
    ['redis://a/1/2', 'look like redis://'],
    ['redis://a,b/1', 'name no database after several hosts'],
    ['redis+sentinel://a', 'end with the name of the master'],
    ['redis+sentinel://a/', 'end with the name of the master'],
    ['redis+sentinel://a/main/x', 'have a number after the last slash'],
    ['redis://a?family=6', 'have no parameters other than prefix'],
    ['redis://a?prefix={x}', 'have a prefix of letters'],
  ])('that is %s is refused with what to write instead', (url, fault) => {
    expect(faultOfRedisUrl(url)).toContain(`REDIS_URL must ${fault}`);
  });
});
