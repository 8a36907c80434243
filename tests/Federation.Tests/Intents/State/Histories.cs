using CsCheck;
using Meridian.Intents;
using Meridian.Intents.State;

namespace Meridian.Federation.Tests.Intents.State;

/// <summary>Random logs over a few keys and operations, so that conflicts and repetitions are frequent.</summary>
internal static class Histories
{
    private static readonly Gen<IntentKey> Key = Gen.Select(Gen.OneOf("model", "member"), Gen.OneOf("a", "b", "c", "é"), (kind, name) => new IntentKey(kind, name));

    private static readonly Gen<IntentWrite[]> Writes =
        Gen.Select(Key, Gen.Byte.Array[0, 4].Null()).Array[1, 4].Select(all => all.DistinctBy(each => each.Item1).Select(each => new IntentWrite(each.Item1, each.Item2)).ToArray());

    private static readonly Gen<IntentCondition[]> Conditions = Gen.Select(Key, Gen.Long[0, 12], (key, epoch) => new IntentCondition(key, epoch)).Array[0, 2];

    private static readonly Gen<IntentChange> Change =
        Gen.Select(Gen.Int[1, 40], Conditions, Writes, (operation, conditions, writes) => new IntentChange { Operation = Operation(operation), Conditions = conditions, Writes = writes });

    private static readonly Gen<IntentCommand> Command = Gen.Frequency(
        (12, Change.Select(change => new IntentCommand { Change = change })),
        (1, Gen.OneOf("eu", "us").Select(name => new IntentCommand { Voter = Voter(name) })),
        (1, Gen.OneOf("eu", "us").Select(name => new IntentCommand { Left = name })),
        (1, Gen.Int[1, 3].Select(number => new IntentCommand { Generation = new IntentGeneration { Number = number, Id = Operation(number) } })));

    /// <summary>Commands, and nulls for entries of consensus itself.</summary>
    public static Gen<IntentCommand?[]> Log { get; } = Gen.Frequency((9, Command.Select(command => (IntentCommand?)command)), (1, Gen.Const((IntentCommand?)null))).Array[0, 60];

    public static Guid Operation(int number) => new(number, 0, 0, new byte[8]);

    public static IntentVoter Voter(string name) => new() { Name = name, Consensus = "127.0.0.1:9000", Protocol = new Uri("http://127.0.0.1:9001") };

    public static void Feed(IntentStateMachine machine, IEnumerable<IntentCommand?> log)
    {
        foreach (var command in log)
        {
            if (command is null)
                machine.Skip(machine.AppliedIndex + 1);
            else
                machine.Apply(machine.AppliedIndex + 1, command);
        }
    }
}
