package sqlstore

// functions are PostgreSQL's. They do what codes.issue and codes.attempt do, on the
// same JSON, word by word; their names hold the version of the tables, so that a
// process that is older than the tables finds its own.
//
// Each looks twice: first without a lock, which settles what is refused for good, then
// at the locked row. The clock is read after the lock: whoever waited for it must not
// have an expired code accepted. A send to somebody new has a way of its own, since
// what it decides is known; its JSON is written as text, which takes half as long as by
// jsonb_build_object. Ids and MACs are hexadecimal.
var functions = []string{admissionFunction, issueFunction, attemptFunction}

const admissionFunction = `
CREATE OR REPLACE FUNCTION <p>admission_v2(_at bigint[], _now bigint, _window bigint, _most bigint, _cooldown bigint[])
RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  n bigint;
  c int := cardinality(_at);
  i int := 0;
BEGIN
  WHILE i < c AND i < greatest(_most, cardinality(_cooldown)) AND _now - _at[c - i] < _window LOOP
    i := i + 1;
  END LOOP;
  IF i = 0 THEN RETURN '{0,0}'; END IF;
  n := _cooldown[least(i, cardinality(_cooldown))] - (_now - _at[c]);
  IF i >= _most THEN RETURN ARRAY[2, greatest(n, _window - (_now - _at[c - _most + 1]))]; END IF;
  IF n > 0 THEN RETURN ARRAY[1, n]; END IF;
  RETURN '{0,0}';
END $$`

const issueFunction = `
CREATE OR REPLACE FUNCTION <p>issue_v2(_k bytea, _again boolean, _id text, _mac text, _ttl bigint, _window bigint, _remember bigint,
  _failures bigint, _sends bigint, _cooldown text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  cool bigint[] := _cooldown::bigint[];
  wait bigint[];
  r jsonb;
  t bigint;
  sends jsonb;
  old jsonb;
  at bigint[];
  keep bigint;
  attempted bigint;
  failed bigint;
  remembered bigint;
  stop bigint;
BEGIN
  FOR pass IN 1..4 LOOP
    IF pass = 1 THEN
      CONTINUE WHEN _again;
      SELECT data INTO r FROM <records> WHERE k = _k;
    ELSE
      SELECT data INTO r FROM <records> WHERE k = _k FOR UPDATE;
    END IF;
    t := <clock>;
    IF NOT FOUND THEN
      keep := greatest(120000000, _window, _ttl);
      r := '{"v":1,"keep":' || keep || ',"sends":[{"at":' || t || ',"id":"' || _id || '"}],"failures":0,"remember":' || greatest(_remember, 0)
        || CASE WHEN _mac = '' THEN '}' ELSE ',"code":"' || _mac || '","expires":' || t + _ttl || ',"attempts":0,"by":"' || _id || '"}' END;
      INSERT INTO <records> (k, data, till) VALUES (_k, r, ((t + keep) / 3600000000 + 1) * 3600000000) ON CONFLICT (k) DO NOTHING;
      CONTINUE WHEN NOT FOUND; -- somebody was faster
      RETURN 'admitted ' || CASE WHEN _window <= 0 THEN 0 WHEN _sends <= 1 THEN greatest(cool[1], _window) ELSE greatest(cool[1], 0) END;
    END IF;
    IF r <> '{}' AND r->>'v' IS DISTINCT FROM '1' THEN
      RETURN 'unreadable 0';
    END IF;

    keep := coalesce((r->>'keep')::bigint, 0);
    sends := '[]';
    at := '{}';
    IF t - (r->'sends'->-1->>'at')::bigint < keep THEN
      sends := r->'sends';
      at := ARRAY(SELECT (e.x->>'at')::bigint FROM jsonb_array_elements(sends) WITH ORDINALITY AS e(x, i) ORDER BY e.i);
    END IF;
    wait := <p>admission_v2(at, t, _window, _sends, cool);
    IF sends @> jsonb_build_array(jsonb_build_object('id', _id)) THEN
      IF r->>'by' = _id AND coalesce(r->>'code', '') = _mac THEN
        RETURN 'admitted ' || wait[2];
      END IF;
      IF t - (SELECT (e.x->>'at')::bigint FROM jsonb_array_elements(sends) AS e(x) WHERE e.x->>'id' = _id LIMIT 1) > 120000000 THEN
        RETURN 'stale ' || wait[2];
      END IF;
      RETURN 'repeated ' || wait[2];
    END IF;
    IF t - (r->'revoked'->>_id)::bigint < 120000000 THEN
      RETURN 'repeated ' || wait[2];
    END IF;
    attempted := coalesce((r->>'attempted')::bigint, 0);
    failed := coalesce((r->>'failures')::bigint, 0);
    IF t - attempted < _remember AND failed >= _failures THEN
      RETURN 'blocked ' || attempted + _remember - t;
    END IF;
    IF wait[1] = 1 THEN RETURN 'too soon ' || wait[2]; END IF;
    IF wait[1] = 2 THEN RETURN 'too many ' || wait[2]; END IF;
    CONTINUE WHEN pass = 1;

    keep := greatest(keep, 120000000, _window, _ttl);
    IF t - at[1] >= keep THEN
      sends := coalesce((SELECT jsonb_agg(e.x ORDER BY e.i) FROM jsonb_array_elements(sends) WITH ORDINALITY AS e(x, i)
        WHERE t - (e.x->>'at')::bigint < keep), '[]');
      at := ARRAY(SELECT e.x FROM unnest(at) WITH ORDINALITY AS e(x, i) WHERE t - e.x < keep ORDER BY e.i);
    END IF;
    sends := sends || jsonb_build_object('at', t, 'id', _id);
    at := at || t;
    IF t - attempted >= _remember THEN failed := 0; END IF;
    remembered := greatest(coalesce((r->>'remember')::bigint, 0), _remember);

    IF _mac <> '' THEN
      IF r ? 'code' AND t < (r->>'expires')::bigint THEN
        old := coalesce(r->'replaced', '[]') || jsonb_build_object('code', r->'code', 'expires', r->'expires',
          'attempts', coalesce(r->'attempts', '0'), 'by', r->'by', 'at', t);
        WHILE jsonb_array_length(old) > 4 OR t - (old->0->>'at')::bigint > 120000000 LOOP
          old := old - 0;
        END LOOP;
        r := r || jsonb_build_object('replaced', old);
      ELSE
        r := r - 'replaced';
      END IF;
      r := r || jsonb_build_object('code', _mac, 'expires', t + _ttl, 'attempts', 0, 'by', _id);
    END IF;
    r := r || jsonb_build_object('v', 1, 'keep', keep, 'sends', sends, 'failures', failed, 'remember', remembered);
    stop := t + keep;
    IF r ? 'code' THEN stop := greatest(stop, (r->>'expires')::bigint); END IF;
    IF failed > 0 THEN stop := greatest(stop, attempted + remembered); END IF;
    UPDATE <records> SET data = r, till = (stop / 3600000000 + 1) * 3600000000 WHERE k = _k;
    wait := <p>admission_v2(at, t, _window, _sends, cool);
    RETURN 'admitted ' || wait[2];
  END LOOP;
  RAISE EXCEPTION 'the row is deleted each time it is to be locked' USING ERRCODE = '40001';
END $$`

const attemptFunction = `
CREATE OR REPLACE FUNCTION <p>attempt_v2(_k bytea, _again boolean, _id text, _macs text, _attempts bigint, _failures bigint, _remember bigint)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  word text;
  n bigint;
  mac text := left(split_part(_macs, ' ', 1), 16);
  r jsonb;
  t bigint;
  known jsonb;
  attempted bigint;
  tried bigint;
  failed bigint;
  remembered bigint;
  stop bigint;
BEGIN
  FOR pass IN 1..2 LOOP
    IF pass = 1 THEN
      CONTINUE WHEN _again;
      SELECT data INTO r FROM <records> WHERE k = _k;
    ELSE
      SELECT data INTO r FROM <records> WHERE k = _k FOR UPDATE;
    END IF;
    IF NOT FOUND OR r = '{}' THEN RETURN 'gone 0'; END IF;
    t := <clock>;
    IF r->>'v' IS DISTINCT FROM '1' THEN
      RETURN 'unreadable 0';
    END IF;

    known := r->'answers'->_id;
    IF known->>'mac' = mac AND t - (known->>'at')::bigint <= 120000000 THEN
      RETURN (known->>'verdict') || ' ' || (known->>'left');
    END IF;
    attempted := coalesce((r->>'attempted')::bigint, 0);
    failed := coalesce((r->>'failures')::bigint, 0);
    tried := coalesce((r->>'attempts')::bigint, 0);
    IF t - attempted < _remember AND failed >= _failures THEN
      RETURN 'blocked 0';
    END IF;
    IF NOT r ? 'code' THEN RETURN 'gone 0'; END IF;
    IF t >= (r->>'expires')::bigint THEN
      CONTINUE WHEN pass = 1; -- an attempt in time may be about to commit
      RETURN 'gone 0';
    END IF;
    IF tried >= _attempts THEN
      RETURN 'locked 0';
    END IF;
    CONTINUE WHEN pass = 1;

    IF t - attempted >= _remember THEN failed := 0; END IF;
    tried := tried + 1;
    failed := failed + 1;
    remembered := greatest(coalesce((r->>'remember')::bigint, 0), _remember);
    n := least(_attempts - tried, _failures - failed);
    word := 'wrong';
    IF n = 0 THEN word := 'locked'; END IF;
    IF r->>'code' = ANY(string_to_array(_macs, ' ')) THEN
      word := 'match';
      failed := 0;
      r := r - 'code' - 'replaced';
    END IF;
    IF t - attempted > 120000000 THEN
      known := '{}'; -- no answer is younger than the last attempt
    ELSE
      known := coalesce(r->'answers', '{}');
      IF tried = 1 AND known <> '{}' THEN
        known := coalesce((SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(known) AS e
          WHERE t - (e.value->>'at')::bigint <= 120000000), '{}');
      END IF;
    END IF;
    known := known || jsonb_build_object(_id, jsonb_build_object('mac', mac, 'verdict', word, 'left', n, 'at', t));
    r := r || jsonb_build_object('v', 1, 'attempts', tried, 'failures', failed, 'attempted', t, 'remember', remembered, 'answers', known);
    stop := greatest(t + 120000000, (r->'sends'->-1->>'at')::bigint + (r->>'keep')::bigint);
    IF r ? 'code' THEN stop := greatest(stop, (r->>'expires')::bigint); END IF;
    IF failed > 0 THEN stop := greatest(stop, t + remembered); END IF;
    UPDATE <records> SET data = r, till = (stop / 3600000000 + 1) * 3600000000 WHERE k = _k;
    RETURN word || ' ' || n;
  END LOOP;
END $$`
