using System.Globalization;

namespace Meridian.Intents.Tests.Linearizability;

/// <summary>Histories made by a record that does everything right, histories made from them that may be wrong, and the slow way to tell.</summary>
internal static class Executions
{
    /// <summary>Every operation takes effect at one moment between call and return; of those without an answer at any later one, or never.</summary>
    /// <param name="lost">Share of the operations that have no answer.</param>
    public static List<Call<RecordOperation>> Random(Random random, int operations, int clients, double lost = 0.1)
    {
        // Who asks what, when, and when it takes effect.
        var plan = new List<(long Called, long Effect, long Returned, int Kind, int Value)>();
        var free = new long[clients];
        for (var i = 0; i < operations; i++)
        {
            var client = random.Next(clients);
            var called = free[client] + random.Next(1, 10);
            var effect = called + random.Next(0, 15);
            var returned = effect + random.Next(0, 15);
            if (random.NextDouble() < lost)
            {
                returned = Call<RecordOperation>.Never;
                effect = random.Next(3) == 0 ? Call<RecordOperation>.Never : effect + random.Next(0, 100);
                free[client] = called + random.Next(1, 30);
            }
            else
            {
                free[client] = returned;
            }

            plan.Add((called, effect, returned, random.Next(8), i + 1));
        }

        var history = new List<Call<RecordOperation>>();
        var state = default(RecordState);
        var revision = 0L;
        foreach (var (called, effect, returned, kind, value) in plan.OrderBy(step => step.Effect).ThenBy(step => step.Called))
        {
            if (kind < 3)
            {
                if (returned != Call<RecordOperation>.Never)
                    history.Add(new Call<RecordOperation>(new RecordOperation { Kind = RecordOperationKind.Read, Value = state.Epoch == 0 ? null : state.Value, Epoch = state.Epoch }, called, returned));
                continue;
            }

            // Conditions hold, or are off by one, or there is none.
            long? condition = kind switch { 3 or 4 => state.Epoch, 5 => Math.Max(0, state.Epoch - 1), _ => null };
            int? written = random.Next(6) == 0 ? null : value;
            var made = effect != Call<RecordOperation>.Never && (condition is null || condition == state.Epoch);
            var before = state.Epoch;
            if (made)
            {
                revision += random.Next(1, 3);
                state = written is { } held ? new RecordState(revision, held, revision, false) : default;
            }

            history.Add(new Call<RecordOperation>(
                new RecordOperation
                {
                    Kind = returned == Call<RecordOperation>.Never ? RecordOperationKind.Unknown : made ? RecordOperationKind.Made : RecordOperationKind.NotMade,
                    Condition = condition,
                    Value = written,
                    Epoch = returned == Call<RecordOperation>.Never ? 0 : made ? revision : before,
                },
                called,
                returned));
        }

        return history;
    }

    /// <summary>Changes answers or times a little: what comes out may or may not have an order.</summary>
    public static List<Call<RecordOperation>> Mutate(Random random, List<Call<RecordOperation>> history)
    {
        List<Call<RecordOperation>> mutated = [.. history];
        for (var mutations = random.Next(3); mutations > 0 && mutated.Count > 0; mutations--)
        {
            var at = random.Next(mutated.Count);
            var (call, other) = (mutated[at], mutated[random.Next(mutated.Count)]);
            mutated[at] = random.Next(4) switch
            {
                0 => call with { Operation = call.Operation with { Epoch = other.Operation.Epoch } },
                1 when call.Operation.Kind == RecordOperationKind.Read => call with { Operation = call.Operation with { Value = other.Operation.Value } },
                2 when call.Returned != Call<RecordOperation>.Never => call with { Called = call.Called + 20, Returned = call.Returned + 20 },
                3 when call.Operation.Condition is not null => call with { Operation = call.Operation with { Condition = other.Operation.Epoch } },
                _ => call,
            };
        }

        return mutated;
    }

    /// <summary>Whether an order explains a history: it keeps to the times, has every operation that was answered, and each is possible after those before it.</summary>
    public static bool Explains(RecordSpecification specification, IReadOnlyList<Call<RecordOperation>> history, IReadOnlyList<int> order)
    {
        var state = specification.Initial;
        for (var i = 0; i < order.Count; i++)
        {
            if (!specification.TryApply(state, history[order[i]].Operation, out state) || order.Skip(i + 1).Any(later => history[later].Returned < history[order[i]].Called))
                return false;
        }

        return order.Distinct().Count() == order.Count && Enumerable.Range(0, history.Count).All(i => history[i].Returned == Call<RecordOperation>.Never || order.Contains(i));
    }

    /// <summary>Tries all orders of all sets that have every answered operation.</summary>
    public static bool AnyOrderExplains(RecordSpecification specification, IReadOnlyList<Call<RecordOperation>> history)
    {
        return Try([]);

        bool Try(List<int> order)
        {
            if (Explains(specification, history, order))
                return true;
            for (var next = 0; next < history.Count; next++)
            {
                if (order.Contains(next))
                    continue;
                order.Add(next);
                if (Try(order))
                    return true;
                order.RemoveAt(order.Count - 1);
            }

            return false;
        }
    }

    public static string Describe(IReadOnlyList<Call<RecordOperation>> history, Verdict verdict)
    {
        var stuck = verdict.Stuck.Count == 0 ? "" : $"{Environment.NewLine}open where the longest order of {verdict.Order.Count} ends: {string.Join(", ", verdict.Stuck)}";
        return string.Join(Environment.NewLine, history.Select((call, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"{i,5}  {call.Called,14}..{(call.Returned == Call<RecordOperation>.Never ? "never" : call.Returned.ToString(CultureInfo.InvariantCulture)),-14} {call.Operation}"))) + stuck;
    }
}
