/* What would have to give where nothing fits: the smallest change of one limit, or of several together, as in
   advisor/solve/recommend/relaxation.py. Changes are log ratios; those of all limits stand in a list, in the limits'
   order. What takes long is a generator, which yields whenever it can be interrupted, and returns what it found. */

const FEWEST_DIGITS = 3; // limits are offered with so few digits if they keep the pick
const EXACT_DIGITS = 17;
const CHANGE_PRECISION = 1e-6; // to which log ratio limits are found
const HAIR = 1e-9; // by which a limit that is computed backwards can miss
const RATES_TRIED = 65;
const MOST_TRIED = 300;
const LOWEST_SHARE = 1e-9; // of a frame rate
const SLOWINGS = 17;
const MUCH = 50;
const MARGIN = 0.1;
const FAR_OFF = 4; // standard deviations, at which a limit is met or not for certain
const MOST_IMPOSSIBLE = 20;
const LARGEST_IMPOSSIBLE = 4;
const ROWS_BETWEEN = 32; // so many are looked at between interruptions

/** Everything that is offered: {alone: relaxations, the smallest first, together: one or null}. */
function* relaxationsOf(answer) {
  const alone = [];
  for (const place of answer.constraints.keys()) {
    const found = yield* relaxationAlone(answer, place);
    if (found) alone.push(found);
  }
  alone.sort((one, other) => changeOf(one) - changeOf(other));
  return { alone, together: yield* relaxationTogether(answer, alone) };
}

/** The first rows for which something is so, at most so many; interrupted between a few rows. */
function* rowsWhere(rows, isSo, most = Infinity) {
  const found = [];
  for (const [place, row] of rows.entries()) {
    if (place % ROWS_BETWEEN === 0) yield;
    if (isSo(row) && found.push(row) === most) break;
  }
  return found;
}

/** What something is of each of some rows, which is given a row and its place among them; interrupted likewise. */
function* ofEach(rows, something) {
  const found = [];
  for (const [place, row] of rows.entries()) {
    if (place % ROWS_BETWEEN === 0) yield;
    found.push(something(row, place));
  }
  return found;
}

/** The largest change of any limit of a relaxation {limits: [{constraint, limit: exactly, asked: with few digits}], row}. */
function changeOf({ limits }) {
  return Math.max(...limits.map(({ constraint, limit }) => Math.abs(Math.log(limit / constraint.limit))));
}

/** The smallest sets of limits that no candidate's figures meet together, up to LARGEST_IMPOSSIBLE limits. */
function* impossibleLimits({ constraints, column, considered }) {
  const values = constraints.map(({ metric }) => column(metric));
  const bitsOf = (row) => constraints.reduce((bits, each, place) => bits | (meets(each, values[place][row]) << place), 0);
  const met = [...new Set(yield* ofEach(considered, bitsOf))];
  const found = [];
  for (let size = 1; size <= Math.min(LARGEST_IMPOSSIBLE, constraints.length); size++) {
    for (const bits of setsOf(constraints.length, size)) {
      const isMinimal = found.every((smaller) => (smaller & bits) !== smaller);
      if (isMinimal && met.every((each) => (each & bits) !== bits)) found.push(bits);
    }
    if (found.length >= MOST_IMPOSSIBLE) break;
  }
  return found.slice(0, MOST_IMPOSSIBLE).map((bits) => constraints.filter((_, place) => bits & (1 << place)));
}

/** All sets of so many of the first numbers from 0 on, as bits, in the order of their members. */
function setsOf(count, size, from = 0) {
  if (!size) return [0];
  const firsts = Array.from({ length: Math.max(count - from, 0) }, (_, place) => from + place);
  return firsts.flatMap((first) => setsOf(count, size - 1, first + 1).map((rest) => rest | (1 << first)));
}

/** Asks some rows of an answer's table again, with other limits; a limit for each of its constraints. */
function* trialOf({ table, settings, constraints }, rows) {
  const own = yield* rowsOfTable(table, rows);
  const every = rows.map((_, place) => place);
  const changed = (limits) => constraints.map((each, place) => ({ ...each, limit: limits[place] }));
  const judged = (limits) => judge(own, changed(limits), settings, every);
  function* answers(limits) {
    const { nominal, isFeasible } = judged(limits);
    return (yield* rowsWhere(nominal, isFeasible, 1)).length > 0;
  }
  function* pick(limits) {
    const { nominal, isFeasible, ...figures } = judged(limits);
    const feasible = yield* rowsWhere(nominal, isFeasible);
    yield* ofEach(feasible, figures.unproven); // which ties go by, and which is remembered
    return firstOf(inTurn(feasible, keysOf(figures, settings.objective, feasible)));
  }

  /** What changing the limits at some places so would give; null where that is nothing. */
  function* relaxation(limits, places) {
    const best = yield* pick(limits);
    if (best === null) return null;
    const typed = yield* rounded(limits, places, best);
    return { limits: places.map((place) => ({ constraint: constraints[place], limit: limits[place], asked: { ...constraints[place], limit: typed[place] } })), row: rows[best] };
  }

  /** The limits, loosened to the fewest digits that give the same pick and can be typed. */
  function* rounded(limits, places, best) {
    for (let digits = FEWEST_DIGITS; digits < EXACT_DIGITS; digits++) {
      const found = limits.map((limit, place) => (places.includes(place) ? loosened(limit, digits, constraints[place].sense === "min") : limit));
      const canBeTyped = places.every((place) => {
        const [least, most] = table.metrics[constraints[place].metric].typed;
        return least <= found[place] && found[place] <= most;
      });
      if (canBeTyped && (yield* pick(found)) === best) return found;
    }
    return limits;
  }

  return { table: own, answers, relaxation };
}

/** A value rounded to so many significant digits, downwards or upwards. */
function loosened(value, digits, isDown) {
  const nearest = Number(value.toPrecision(digits));
  if (nearest === value || (nearest < value) === isDown) return nearest;
  const step = 10 ** (Math.floor(Math.log10(value)) - digits + 1);
  return Number((nearest + (isDown ? -step : step)).toPrecision(digits));
}

/** The figures of rows at frame rates, each on its worse side as far as the confidence asks: a limit on it is met by itself. */
function heldFigures(table, settings, constraints) {
  const confidence = confidenceOf(table, settings);
  const z = confidence > 0.5 ? normalQuantile(confidence) : 0;
  const situation = situationOf(settings, constraints);
  const rate = situation.required_fps;
  const at = (rate) => figuresIn(table, { ...situation, required_fps: rate, arrival_fps: rate });
  const asked = figuresIn(table, situation);
  const figure = (figures, metric, row, isUpwards) => {
    if (!z) return figures.figure(metric, row);
    const { value, below, above } = figures.spread(metric, row);
    return value * Math.exp((isUpwards ? z * above : -z * below) || 0);
  };
  const held = (figures, { metric, sense }, row) => figure(figures, metric, row, sense === "max");
  const changing = constraints.filter(({ metric }) => table.metrics[metric].changes_with_rate);
  /** Whether a lower frame rate makes a limit easier to meet for any row. */
  const isEased = ({ metric, sense }) => {
    const [fast, slow] = [1, LOWEST_SHARE].map((share) => at((rate || 1) * share).column(metric));
    return slow.some((value, row) => (sense === "min" ? value > fast[row] : value < fast[row]));
  };
  return {
    z, rate, changing, isEased,
    throughput: (row) => figure(asked, "fps", row, false),
    needed: (constraint, row) => held(asked, constraint, row),
    at: (constraint, row, rate) => held(at(rate), constraint, row),
    plainAt: ({ metric }, row, rate) => at(rate).figure(metric, row), // not on its worse side, which takes longer
  };
}

/** The relaxation of one limit alone; null where none gives an answer. */
function* relaxationAlone(answer, place) {
  const { table, constraints, column, considered } = answer;
  const own = constraints[place];
  const others = constraints.filter((each) => each !== own && !(isRate(own) && table.metrics[each.metric].changes_with_rate));
  const values = others.map(({ metric }) => column(metric));
  const rows = yield* rowsWhere(considered, (row) => others.every((each, at) => meets(each, values[at][row])));
  const trial = yield* trialOf(answer, rows);
  const limits = constraints.map(({ limit }) => limit);
  const withOwn = (limit) => limits.with(place, limit);
  const limit = yield* isRate(own) ? highestRate(answer, trial, rows, withOwn, own) : leastLoose(answer, trial, withOwn, own);
  return limit === null ? null : yield* trial.relaxation(withOwn(limit), [place]);
}

/** Whether a limit is the required frame rate. */
function isRate({ name, sense }) {
  return name === "fps" && sense === "min";
}

/** The least loose limit that gives an answer: found among those at which one more row meets it by itself, and between. */
function* leastLoose({ settings, constraints }, trial, withOwn, own) {
  const isLeast = own.sense === "min";
  const hair = isLeast ? 1 - HAIR : 1 + HAIR;
  const answers = (limit) => trial.answers(withOwn(limit));
  const { limits, confidence } = yield* neededLimits(trial.table, settings, constraints, own);
  let [first, last] = [0, limits.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (yield* answers(limits[middle] * hair)) last = middle;
    else first = middle + 1;
  }
  if (first === limits.length) return null;
  const found = (yield* answers(limits[first])) ? limits[first] : limits[first] * hair;
  return confidence ? yield* limitBetween(answers, first ? limits[first - 1] : own.limit, found) : found;
}

/** What a limit would have to be for each row to meet it by itself, the least loose first, and one that all meet for certain. */
function* neededLimits(table, settings, constraints, own) {
  const confidence = confidenceOf(table, settings);
  const isLeast = own.sense === "min";
  const { needed } = heldFigures(table, settings, constraints);
  const { spread } = figuresIn(table, situationOf(settings, constraints));
  const isKnown = (value) => Number.isFinite(value) && value > 0;
  let end = isLeast ? Infinity : 0;
  const limits = [];
  for (let row = 0; row < table.count; row++) {
    if (row % ROWS_BETWEEN === 0) yield;
    const limit = needed(own, row);
    if (isKnown(limit)) limits.push(limit);
    if (!confidence) continue;
    const { value, below, above } = spread(own.metric, row);
    const far = value * Math.exp(isLeast ? -FAR_OFF * below : FAR_OFF * above);
    if (isKnown(far)) end = isLeast ? Math.min(end, far) : Math.max(end, far);
  }
  if (isKnown(end)) limits.push(end);
  const looser = limits.filter((limit) => (isLeast ? limit < own.limit : limit > own.limit));
  return { limits: looser.sort((one, other) => (isLeast ? other - one : one - other)), confidence };
}

/** The limit between one that gives no answer and one that gives some, nearly. */
function* limitBetween(answers, tooTight, enough) {
  while (Math.abs(Math.log(enough / tooTight)) > CHANGE_PRECISION) {
    const middle = Math.sqrt(enough * tooTight);
    if (yield* answers(middle)) enough = middle;
    else tooTight = middle;
  }
  return enough;
}

/** The highest frame rate below that asked for at which some row meets all limits; null where none does. */
function* highestRate(answer, trial, rows, withOwn, own) {
  const { table, settings, constraints } = answer;
  const held = heldFigures(trial.table, settings, constraints);
  const eased = held.changing.filter(held.isEased);
  const hardened = held.changing.filter((each) => !eased.includes(each));
  const places = rows.map((_, place) => place);
  const most = yield* ofEach(places, (place) => Math.min(held.throughput(place), own.limit));
  const order = sortedBy(places.filter((place) => most[place] > 0), [(place) => -most[place]]);
  const isAbove = (place, rate) => most[place] > rate && eased.every((each) => meets(each, held.at(each, place, rate)));
  const highestOf = remembered((place) => highestAlone(held, eased, hardened, place, most[place]));
  let best = null;
  let left = MOST_TRIED;
  const enough = () => (best === null ? 0 : best * (1 + CHANGE_PRECISION));
  for (const place of highestFirst(order, highestOf, isAbove, enough)) {
    if (place === null) {
      yield;
      continue;
    }
    const high = highestOf(place);
    const one = yield* trialOf(answer, [rows[place]]);
    const low = Math.max(best ?? 0, high / 1e4);
    best = (yield* highestOfOne((rate) => one.answers(withOwn(rate)), high, low, confidenceOf(table, settings))) ?? best;
    left -= 1;
    if (!left) break;
  }
  return best;
}

/** Places by their highest figure, those that are above what is enough, and null between; of the others it is not computed. */
function* highestFirst(places, highestOf, isAbove, enough) {
  for (let waiting = places; waiting.length;) {
    let top = null;
    let highest = enough();
    for (const [at, place] of waiting.entries()) {
      if (at % ROWS_BETWEEN === 0) yield null;
      if (highest && !isAbove(place, highest)) continue;
      if (highestOf(place) > highest) [top, highest] = [place, highestOf(place)];
    }
    if (top === null) return;
    yield top;
    waiting = waiting.filter((place) => place !== top);
  }
}

/** The highest frame rate up to `most` at which a row meets every limit by itself; 0 where none will do. */
function highestAlone({ at }, eased, hardened, row, most) {
  const isMet = (each, rate) => meets(each, at(each, row, rate));
  let highest = most;
  for (const each of eased) {
    let [met, missed] = [highest * LOWEST_SHARE, highest];
    if (isMet(each, missed)) continue;
    if (!isMet(each, met)) return 0;
    for (let turn = 0; turn < 60; turn++) {
      const middle = Math.sqrt(met * missed);
      if (isMet(each, middle)) met = middle;
      else missed = middle;
    }
    highest = met;
  }
  return hardened.every((each) => isMet(each, highest)) ? highest : 0;
}

/** The highest frame rate between two at which one row meets all limits; null where there is none. */
function* highestOfOne(answers, high, low, confidence) {
  const near = [high, high * (1 - HAIR)];
  const between = confidence ? ratesBetween(high, low) : [];
  let before = null;
  for (const rate of [...near, ...between]) {
    if (yield* answers(rate)) return before === null || near.includes(rate) ? rate : yield* limitBetween(answers, before, rate);
    before = rate;
  }
  return null;
}

/** Frame rates to try, densely down to half the highest: what keeps it from being met is near there. */
function ratesBetween(high, low) {
  const half = Math.max(high / 2, low);
  const spaced = (from, to) => Array.from({ length: RATES_TRIED }, (_, place) => from * (to / from) ** (place / (RATES_TRIED - 1)));
  return half === low ? spaced(high, half) : [...spaced(high, half), ...spaced(half, low)];
}

/** The change of several limits together whose largest part is smallest; null where one limit alone changes less. */
function* relaxationTogether(answer, alone) {
  const { constraints, considered } = answer;
  const { bounds, slowings } = yield* leastChanges(answer);
  let most = Math.min(...alone.map(changeOf), Infinity) * 0.999;
  let found = null;
  const places = considered.map((_, place) => place);
  for (const place of inTurn(places, [(place) => bounds[place]])) {
    if (!(bounds[place] < most - CHANGE_PRECISION)) break;
    const one = yield* oneRow(answer, considered[place], slowings[place]);
    const changes = yield* one.leastChange(bounds[place], most);
    if (!changes) continue;
    found = { one, changes };
    most = Math.max(...changes);
  }
  if (!found) return null;
  const needed = yield* found.one.takenBack(found.changes);
  const rows = considered.filter((_, place) => bounds[place] <= most + 0.05); // rounding loosens by less
  const changed = constraints.flatMap((_, place) => (needed[place] ? [place] : []));
  const trial = yield* trialOf(answer, rows);
  return yield* trial.relaxation(loosenedBy(constraints, needed), changed);
}

/** The limits when they are loosened by so much. */
function loosenedBy(constraints, changes) {
  return constraints.map(({ sense, limit }, place) => limit * Math.exp((sense === "min" ? -1 : 1) * changes[place]));
}

/** One row, asked whether it meets limits loosened in some way. */
function* oneRow(answer, row, slowing) {
  const { table, constraints } = answer;
  const trial = yield* trialOf(answer, [row]);
  const isTorn = constraints.some(isRate) && constraints.some(({ metric }) => table.metrics[metric].changes_with_rate);
  const isMet = (changes) => trial.answers(loosenedBy(constraints, changes));

  /** A change of at most so much that admits it; null where there is none. */
  function* atMost(most) {
    const count = isTorn ? SLOWINGS : 1;
    const slower = Array.from({ length: count }, (_, place) => (count === 1 ? most : most * (1 - place / (count - 1))));
    for (const slowed of [Math.min(slowing + 1e-12, most), ...slower]) {
      const changes = constraints.map((each) => (isRate(each) ? slowed : most));
      if (yield* isMet(changes)) return changes;
    }
    return null;
  }

  /** The least change of all limits that admits it, between a lower bound and `most`; null where there is none. */
  function* leastChange(least, most) {
    let [low, high] = [least, Math.min(Math.max(least * 1.001, CHANGE_PRECISION), most - CHANGE_PRECISION)];
    let found = (yield* atMost(least + 1e-12)) ?? (yield* atMost(high));
    while (!found && high < Math.min(most - CHANGE_PRECISION, MUCH)) {
      [low, high] = [high, Math.min(2 * high, most - CHANGE_PRECISION)];
      found = yield* atMost(high);
    }
    while (found && Math.max(...found) - low > CHANGE_PRECISION) {
      const middle = (low + Math.max(...found)) / 2;
      const better = yield* atMost(middle);
      if (better) found = better;
      else low = middle;
    }
    return found;
  }

  /** The changes with each limit in turn as near to the asked one as the row allows. */
  function* takenBack(changes) {
    let left = changes;
    for (const place of changes.keys()) {
      let [enough, tooTight] = [(yield* isMet(left.with(place, 0))) ? 0 : left[place], 0];
      while (enough - tooTight > CHANGE_PRECISION) {
        const middle = (enough + tooTight) / 2;
        if (yield* isMet(left.with(place, middle))) enough = middle;
        else tooTight = middle;
      }
      left = left.with(place, enough);
    }
    return left;
  }

  return { leastChange, takenBack };
}

/** For each considered row a lower bound of the change that admits it, and that of the frame rate in it; far off a rough one. */
function* leastChanges(answer) {
  const { table, settings, constraints, column, considered } = answer;
  const bounds = new Float64Array(considered.length);
  const slowings = new Float64Array(considered.length);
  for (const each of constraints) {
    if (!isRate(each) && table.metrics[each.metric].changes_with_rate) continue;
    const values = column(each.metric);
    yield* ofEach(considered, (row, place) => {
      const off = changeNeeded(each, values[row]);
      bounds[place] = Math.max(bounds[place], off);
      if (isRate(each)) slowings[place] = off;
    });
  }
  const exactly = exactChange(yield* rowsOfTable(table, considered), settings, constraints);
  let bar = Infinity; // beyond it no row can be the one
  let looked = 0;
  for (const place of inTurn([...bounds.keys()], [(place) => bounds[place]])) {
    if (bounds[place] > bar) break;
    if (looked++ % ROWS_BETWEEN === 0) yield;
    [bounds[place], slowings[place]] = exactly(place, bar);
    bar = Math.min(bar, bounds[place] + MARGIN);
  }
  return { bounds, slowings };
}

/** The least change that admits a row, if that is below a bar, and that of the frame rate in it, as a function of both. */
function exactChange(table, settings, constraints) {
  const held = heldFigures(table, settings, constraints);
  const changing = Number.isNaN(held.rate) ? [] : held.changing;
  const eased = changing.filter(held.isEased);
  const hardened = changing.filter((each) => !eased.includes(each));
  const fixed = constraints.filter((each) => !isRate(each) && !changing.includes(each));
  const rate = constraints.filter(isRate);
  const largest = (limits, figure) => limits.reduce((most, each) => Math.max(most, changeNeeded(each, figure(each))), 0);
  const atSlowing = (limits, row, slowing) => largest(limits, (each) => held.at(each, row, held.rate * Math.exp(-slowing)));
  return (row, bar) => {
    const slowing = largest(rate, (each) => held.needed(each, row));
    const others = largest(fixed, (each) => held.needed(each, row));
    const least = Math.max(others, slowing, atSlowing(hardened, row, slowing)); // a lower rate makes these no easier
    if (least > bar || !eased.length) return [least, slowing];
    const atBar = held.rate * Math.exp(-bar);
    if (bar < Infinity && largest(eased, (each) => held.plainAt(each, row, atBar)) > bar) return [bar, slowing];
    if (bar < Infinity && atSlowing(eased, row, bar) > bar) return [bar, slowing];
    const [harder, easier] = [hardened, eased].map((limits) => (slowed) => atSlowing(limits, row, slowed));
    return changeAtBestRate(others, slowing, harder, easier); // only here can a still lower rate help
  };
}

/** The least change where the frame rate is lowered by at least `low`, and by how much is best. */
function changeAtBestRate(others, low, harder, easier) {
  const wanted = easier(low);
  let high = wanted > Math.max(harder(low), low) ? Math.min(wanted, MUCH) : low;
  for (let turn = 0; turn < 40; turn++) {
    const middle = (low + high) / 2;
    if (easier(middle) > Math.max(middle, harder(middle))) low = middle;
    else high = middle;
  }
  return [Math.max(others, high, harder(high), easier(high)), high];
}

/** How far a limit must be loosened for a figure, as a log ratio; infinite where it is unknown. */
function changeNeeded({ sense, limit }, figure) {
  const off = Math.log(figure / limit) * (sense === "min" ? -1 : 1);
  return Number.isNaN(off) ? Infinity : Math.max(off, 0);
}
