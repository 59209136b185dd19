/*
 * Lease, promises and gate of the quorum-accelerated Lease: never are two gates open. Three replicas, one Lease.
 *
 * Every deadline is the time that is left of it, counted down by one clock: time has no end, the states do. No process is
 * ever made to act: it may be frozen between any two steps for any time, and a message may never come. Liveness is not
 * looked at. Each rule stands at its guard; -DNO_<rule> takes it out. README.md says what is covered.
 */
#ifndef LEASE
#define LEASE 4              /* L, and D: the latest time that the rules allow a hold to end */
#endif
#ifndef PROMISE
#define PROMISE 1            /* Lq, from the moment in which a promise or help is given */
#endif
#ifdef NO_DQ
#define QUORUM (PROMISE + 1)
#else
#define QUORUM PROMISE       /* Dq, from the send of the heartbeat that a majority promised to */
#endif

#ifdef NO_R1                 /* The gate is tightened, and a majority has promised, before "quorum" is published. */
#define HAS_QUORUM(i) true
#elif defined(NO_R2_ORDER)   /* The write that opens a lapsed gate is sent after a majority has promised. */
#define HAS_QUORUM(i) true
#else
#define HAS_QUORUM(i) (quorum[i] > 0)
#endif
#ifdef NO_R2                 /* A lapsed quorum opens nothing. */
#define UNBROKEN(i) true
#else
#define UNBROKEN(i) (unbroken[i] == 2)
#endif
#ifdef NO_R3                 /* A restarted promiser grants nothing for Lq. */
#define MUTE 0
#else
#define MUTE PROMISE
#endif
#ifdef NO_R4                 /* A lost quorum: the plain hold counts again when a write that says so is confirmed. */
#define FALLS_BACK(i) (self[i] == BY_QUORUM && write[i] == PLAIN)
#else
#define FALLS_BACK(i) false
#endif
#ifdef NO_R6                 /* The mode counts only where the annotation is of the Lease's holder and transitions. */
#define BOUND true
#else
#define BOUND bound
#endif
#ifdef NO_SEND_TIME          /* A promise counts from the send of what it answers. */
#define PROMISED_FOR(i) QUORUM
#else
#define PROMISED_FOR(i) answered[i]
#endif
#ifdef NO_MAJORITY           /* One replica's help is enough to take. */
#define HELPERS 1
#else
#define HELPERS 2
#endif

#define LESS(a, b) ((a) < (b) -> (a) : (b))
#define NEXT(i) ((i + 1) % 3)
#define AFTER(i) ((i + 2) % 3)

/* What a write, and the last confirmed one, takes the Lease for. */
#define NONE 0
#define PLAIN 1              /* mode "api": until the hold ends */
#define BY_QUORUM 2          /* mode "quorum": until hold or quorum end, whichever is first */
#define FOREIGN 3            /* of a candidate that knows no modes and carries the annotation along */

/* The Lease. Only writes on its newest version succeed, so versions need no numbers. */
byte holder = 0;
byte mode = PLAIN;           /* the annotation's */
bool bound = true;           /* the annotation is of the spec's holder and transitions */
bool published;              /* its term is the one that its holder now asks promises for */
byte age = LEASE;            /* what is left of L since the newest version */

byte gate[3];                /* the kernels', which outlive their processes */

/* The processes. */
bool aware[3] = true;        /* false: client-go's or kube-vip's, or ours of a version without the feature */
byte self[3];                /* what the last confirmed own write was */
byte hold[3];                /* D, from its send */
byte quorum[3];              /* Dq, from the send of the newest heartbeat that a majority has promised to */
byte unbroken[3];            /* 0: the quorum lapsed; 1: not since a write was sent; 2: and the write was confirmed */
byte promise[9];             /* promise[v * 3 + i]: v's to the term that i asks for */
byte help[3];                /* for so long v promises nothing to the Lease's term */
byte mute[3];                /* restarted, and grants nothing */

/* On the way. What is there may be taken by anybody any number of times, late or never. */
byte asked[3];               /* a heartbeat to all: what is left of Dq */
byte answered[3];            /* a promise to it */
byte write[3];               /* to the API server, on the newest version; others are refused and forgotten */
byte writeHold[3];           /* what is left of D */

/* The gate follows at once: its end is absolute, so one that is written late is open for less long. */
#define OPEN(i, left) gate[i] = left; printf("the gate of %d is open for %d\n", i, gate[i]); assert(gate[i] == 0 || (gate[NEXT(i)] == 0 && gate[AFTER(i)] == 0))
#define REFRESH(i) \
  if \
  :: (self[i] == PLAIN || self[i] == FOREIGN || FALLS_BACK(i)) && hold[i] > gate[i] -> OPEN(i, hold[i]) \
  :: self[i] == BY_QUORUM && LESS(hold[i], quorum[i]) > gate[i] && UNBROKEN(i) -> OPEN(i, LESS(hold[i], quorum[i])) \
  :: else \
  fi

#define NO_PROMISES(i) promise[0 + i] = 0; promise[3 + i] = 0; promise[6 + i] = 0; \
  asked[i] = 0; answered[i] = 0; quorum[i] = 0; unbroken[i] = 0

/*
 * What can have no effect any more is forgotten, so that there are fewer states: a hold behind a closed gate, which only
 * a write opens again (R2), and the promises to a term that is not the Lease's.
 */
#if defined(NO_R2) || defined(NO_R2_ORDER)
#define IS_OVER(i) (hold[i] == 0)
#else
#define IS_OVER(i) (gate[i] == 0)
#endif
#define FORGET(i) \
  if \
  :: IS_OVER(i) && self[i] != NONE -> \
     self[i] = NONE; hold[i] = 0; unbroken[i] = (write[i] == BY_QUORUM -> LESS(unbroken[i], 1) : 0) \
  :: else \
  fi; \
  if \
  :: holder != i && self[i] == NONE -> NO_PROMISES(i) \
  :: else \
  fi

#define SEND(i, kind) write[i] = kind; writeHold[i] = LEASE

/* Promise and help of voter v; i asks v for a promise. The Lease's holder is a voter like the others. */
#define MAY_PROMISE(v, i) (aware[v] && asked[i] > 0 && mute[v] == 0 && !(holder == i && published && help[v] > 0))
#define PROMISES(v, i) promise[v * 3 + i] = PROMISE; answered[i] = asked[i]; printf("%d promises %d\n", v, i)
#define OWN_TERM(v) (holder == v && published && asked[v] > 0)
#define MAY_ASK(i) (aware[i] && (holder == i || self[i] != NONE) && mute[i] == 0 && !(holder == i && published && help[i] > 0))
#define MAY_HELP(v) (aware[v] && mute[v] == 0 && !(published && promise[v * 3 + holder] > 0) && !OWN_TERM(v))
#define HELPED ((help[0] > 0) + (help[1] > 0) + (help[2] > 0) >= HELPERS)
#define EARLY(i) (aware[i] && holder != i && mode == BY_QUORUM && BOUND && HELPED)

proctype Replica(byte i) {
  end: do
  /* Heartbeats, promises. */
  :: d_step { MAY_ASK(i) && asked[i] < QUORUM -> asked[i] = QUORUM; printf("%d asks both for a promise\n", i) }
  :: d_step { MAY_PROMISE(i, NEXT(i)) -> PROMISES(i, NEXT(i)) }
  :: d_step { MAY_PROMISE(i, AFTER(i)) -> PROMISES(i, AFTER(i)) }
  :: d_step { aware[i] && answered[i] > quorum[i] -> quorum[i] = PROMISED_FOR(i); printf("%d has its promise\n", i); REFRESH(i) }

  /* Asks for a new term: the old one's gate is closed, or the plain hold's. */
  :: d_step { aware[i] && write[i] != BY_QUORUM && (gate[i] == 0 || self[i] == PLAIN) &&
              (quorum[i] > 0 || asked[i] > 0 || promise[NEXT(i) * 3 + i] > 0 || promise[AFTER(i) * 3 + i] > 0) ->
       NO_PROMISES(i); printf("%d asks for a new term from now on\n", i);
       if
       :: holder == i -> published = false
       :: else
       fi }

  /* Helps a challenger: its promise to the Lease's term is over, and stays so. */
  :: d_step { MAY_HELP(i) && mode == BY_QUORUM && help[i] < PROMISE -> help[i] = PROMISE; printf("%d helps against %d\n", i, holder) }

  /* Takes: after L, or early with a majority's help. What it took is plain at first. */
  :: d_step { write[i] == NONE && holder != i && age == 0 && aware[i] -> SEND(i, PLAIN); printf("%d sends its take after L\n", i) }
  :: d_step { write[i] == NONE && holder != i && age == 0 && !aware[i] -> SEND(i, FOREIGN); printf("%d, unaware, sends its take after L\n", i) }
  :: d_step { write[i] == NONE && EARLY(i) -> SEND(i, PLAIN); printf("%d sends its early take, api\n", i) }

  /* Renews, adopts its predecessor's, changes the mode. */
  :: d_step { write[i] == NONE && holder == i && aware[i] -> SEND(i, PLAIN); printf("%d sends its renewal, api\n", i); REFRESH(i) }
  :: d_step { write[i] == NONE && holder == i && aware[i] && HAS_QUORUM(i) ->
#ifndef NO_R1
       if
       :: self[i] == PLAIN -> self[i] = BY_QUORUM; unbroken[i] = 2
       :: else
       fi;
       gate[i] = LESS(gate[i], quorum[i]);   /* also one that a predecessor has left */
#endif
       if
       :: unbroken[i] == 0 && quorum[i] > 0 -> unbroken[i] = 1
       :: else
       fi;
       SEND(i, BY_QUORUM); printf("%d sends its renewal, quorum\n", i) }
  :: d_step { write[i] == NONE && holder == i && !aware[i] && self[i] == FOREIGN -> SEND(i, FOREIGN); printf("%d, unaware, sends its renewal\n", i) }

  /* The API server: loses the write, or does it, at any time. */
  :: d_step { write[i] != NONE -> write[i] = NONE; writeHold[i] = 0; printf("the write of %d is lost\n", i) }
  :: d_step { write[i] != NONE ->
       if
       :: write[i] == FOREIGN -> bound = bound && holder == i
       :: else -> mode = write[i]; bound = true
       fi;
       if
       :: write[i] == BY_QUORUM && holder == i && published
       :: else -> help[0] = 0; help[1] = 0; help[2] = 0; published = (write[i] == BY_QUORUM)
       fi;
       holder = i; age = LEASE; printf("the write of %d is done\n", i);
       hold[i] = writeHold[i]; self[i] = write[i];
       write[0] = NONE; write[1] = NONE; write[2] = NONE; writeHold[0] = 0; writeHold[1] = 0; writeHold[2] = 0;
       if
       :: self[i] != BY_QUORUM -> unbroken[i] = 0
#ifdef NO_R2_ORDER
       :: self[i] == BY_QUORUM -> unbroken[i] = 2
#else
       :: self[i] == BY_QUORUM && unbroken[i] == 1 -> unbroken[i] = 2
#endif
       :: else
       fi;
       REFRESH(i); FORGET(0); FORGET(1); FORGET(2) }

  /* Ends and starts again. The gate stays as it is, and so does what others have promised. */
  :: d_step { self[i] != NONE || quorum[i] > 0 || help[i] > 0 || promise[i * 3 + NEXT(i)] + promise[i * 3 + AFTER(i)] > 0 ->
       self[i] = NONE; hold[i] = 0; quorum[i] = 0; unbroken[i] = 0; asked[i] = 0; answered[i] = 0;
       help[i] = 0; promise[i * 3 + NEXT(i)] = 0; promise[i * 3 + AFTER(i)] = 0; mute[i] = MUTE; printf("%d restarts\n", i) }
#ifdef UNAWARE
  /* A rolling update, or back: it ends as the one, and starts as the other. */
  :: d_step { i == UNAWARE && self[i] == NONE && mute[i] == MUTE && write[i] == NONE -> aware[i] = !aware[i]; printf("%d changes its version: aware %d\n", i, aware[i]) }
#endif
  od
}

#define COUNT(left) left = (left > 0 -> left - 1 : 0)

inline count(i) {
  COUNT(gate[i]); COUNT(hold[i]); COUNT(quorum[i]); COUNT(help[i]); COUNT(mute[i]);
  COUNT(asked[i]); COUNT(answered[i]); COUNT(writeHold[i]);
  COUNT(promise[i]); COUNT(promise[3 + i]); COUNT(promise[6 + i]);
#ifndef NO_R2_ORDER
  if :: quorum[i] == 0 -> unbroken[i] = 0 :: else fi;
#endif
  FORGET(i)
}

proctype Clock() {
  end: do
  :: d_step { count(0); count(1); count(2); COUNT(age); printf("a tick\n") }
  od
}

init {
  atomic { run Replica(0); run Replica(1); run Replica(2); run Clock() }
}
