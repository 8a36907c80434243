using System.Collections;

namespace Meridian.Intents.Tests.Linearizability;

/// <summary>
/// Decides whether a history is linearizable (Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects", 1990) by Wing and Gong's search
/// ("Testing and Verifying Concurrent Objects", 1993): of all operations that no other precedes, one that the object allows is taken first, and the rest is searched. As in Lowe's
/// "Testing for Linearizability" (2017), a set of operations taken that has led to the same state before is not searched again. Histories of independent objects are given one by
/// one (P-compositionality: Horn and Kroening, "Faster Linearizability Checking via P-Compositionality", 2015): each alone is linearizable if and only if all together are.
/// <para>Operations without an answer are taken where they help and left out where they do not.</para>
/// </summary>
public static class LinearizabilityChecker
{
    /// <summary>Steps after which a history counts as undecided. One of a thousand operations on few keys takes thousands.</summary>
    public const long MaxSteps = 20_000_000;

    /// <exception cref="InvalidOperationException">Undecided after <see cref="MaxSteps"/>.</exception>
    public static Verdict Check<TState, TOperation>(ISequentialSpecification<TState, TOperation> specification, IReadOnlyList<Call<TOperation>> history)
        where TState : notnull
    {
        ArgumentNullException.ThrowIfNull(specification);
        ArgumentNullException.ThrowIfNull(history);
        var head = Link(history);
        var answersLeft = history.Count(call => call.Returned != Call<TOperation>.Never);
        var taken = new BitArray(history.Count);
        var seen = new HashSet<(Bits Taken, TState State)>();
        var path = new Stack<(Event Call, TState Before)>();
        var state = specification.Initial;
        List<int> longest = [];
        List<int> stuck = [];
        var at = head.Next;
        for (var steps = 0L; answersLeft > 0; steps++)
        {
            if (steps == MaxSteps)
                throw new InvalidOperationException($"Undecided after {MaxSteps:N0} steps; {history.Count} operations, {history.Count(call => call.Returned == Call<TOperation>.Never)} without an answer.");
            if (at is { IsCall: true })
            {
                if (specification.TryApply(state, history[at.Index].Operation, out var next))
                {
                    taken[at.Index] = true;
                    if (seen.Add((new Bits(taken), next)))
                    {
                        path.Push((at, state));
                        state = next;
                        at.Lift();
                        if (at.HasAnswer)
                            answersLeft--;
                        at = head.Next;
                        continue;
                    }

                    taken[at.Index] = false;
                }

                at = at.Next;
                continue;
            }

            // An answer whose operation has not been taken: nothing behind it may be taken before. So one of those before must give way.
            if (path.Count >= longest.Count)
            {
                longest = [.. path.Reverse().Select(step => step.Call.Index)];
                stuck = [.. Open(head)];
            }

            if (!path.TryPop(out var last))
                return new Verdict(false, longest, stuck);
            last.Call.Restore();
            if (last.Call.HasAnswer)
                answersLeft++;
            taken[last.Call.Index] = false;
            state = last.Before;
            at = last.Call.Next;
        }

        return new Verdict(true, [.. path.Reverse().Select(step => step.Call.Index)], []);
    }

    private static Event Link<TOperation>(IReadOnlyList<Call<TOperation>> history)
    {
        var events = new List<(long Time, int Order, Event Event)>(2 * history.Count);
        for (var i = 0; i < history.Count; i++)
        {
            var call = history[i];
            if (call.Returned < call.Called)
                throw new ArgumentException($"Operation {i} returned before it was called.", nameof(history));
            var begin = new Event(i, isCall: true);
            events.Add((call.Called, 0, begin));
            if (call.Returned != Call<TOperation>.Never)
            {
                begin.Answer = new Event(i, isCall: false);
                events.Add((call.Returned, 1, begin.Answer));
            }
        }

        var head = new Event(-1, isCall: false);
        var tail = head;
        foreach (var (_, _, next) in events.OrderBy(entry => entry.Time).ThenBy(entry => entry.Order))
        {
            tail.Next = next;
            next.Previous = tail;
            tail = next;
        }

        return head;
    }

    private static IEnumerable<int> Open(Event head)
    {
        for (var at = head.Next; at is { IsCall: true }; at = at.Next)
            yield return at.Index;
    }

    /// <summary>A call or an answer in a doubly linked list, from which a pair is lifted and to which it is restored in constant time (Knuth's dancing links).</summary>
    private sealed class Event(int index, bool isCall)
    {
        public int Index => index;

        public bool IsCall => isCall;

        public bool HasAnswer => Answer is not null;

        public Event? Answer { get; set; }

        public Event? Next { get; set; }

        public Event? Previous { get; set; }

        public void Lift()
        {
            Unlink();
            Answer?.Unlink();
        }

        public void Restore()
        {
            Answer?.Relink();
            Relink();
        }

        private void Unlink()
        {
            Previous!.Next = Next;
            if (Next is not null)
                Next.Previous = Previous;
        }

        private void Relink()
        {
            Previous!.Next = this;
            if (Next is not null)
                Next.Previous = this;
        }
    }

    /// <summary>A set of operations, by value.</summary>
    private readonly struct Bits : IEquatable<Bits>
    {
        private readonly int[] _words;
        private readonly int _hash;

        public Bits(BitArray bits)
        {
            _words = new int[(bits.Length + 31) / 32];
            bits.CopyTo(_words, 0);
            var hash = default(HashCode);
            foreach (var word in _words)
                hash.Add(word);
            _hash = hash.ToHashCode();
        }

        public bool Equals(Bits other) => _hash == other._hash && _words.AsSpan().SequenceEqual(other._words);

        public override bool Equals(object? obj) => obj is Bits other && Equals(other);

        public override int GetHashCode() => _hash;
    }
}
