/** Makes a look that is made once: everybody gets the answer to the first question. */

export function once<T>(look: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= look();
    return answer;
  };
}

/** The same for one that is asked about something. */
export function onceEach<K, T>(look: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const answers = new Map<K, Promise<T>>();
  return (key) => {
    const answer = answers.get(key) ?? look(key);
    answers.set(key, answer);
    return answer;
  };
}
