using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Grpc.Core;
using Meridian.Federation.Regions;
using Meridian.Intents.Peers;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using MessagePack;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>
/// The wire as it is, compared with the committed <c>wire-contract.txt</c>. Regions are upgraded one after another, so both sides of every message meet in two versions:
/// keys may be added (old readers skip them, new readers get a default), never reused, renumbered or retyped.
/// </summary>
public sealed class WireContractTests
{
    [Fact]
    public void The_wire_is_what_the_contract_says()
    {
        var contract = File.ReadAllText(Path.Combine(Folder(), "wire-contract.txt")).ReplaceLineEndings("\n");
        var wire = Describe();

        Assert.True(
            contract == wire,
            $"The wire format changed without wire-contract.txt. If every older reader can still live with it, put this into tests/Federation.Tests/Protocol/wire-contract.txt:\n{wire}");
    }

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (var method in new IMethod[] { RegionProtocol.Infer, RegionProtocol.Open, RegionProtocol.Heartbeat, RegionProtocol.Watch, RegionProtocol.WatchControl, IntentProtocol.Change, IntentProtocol.Barrier, IntentProtocol.AddVoter, IntentProtocol.RemoveVoter, IntentProtocol.State })
        {
            var types = method.GetType().GetGenericArguments();
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"method {method.FullName} {method.Type} {types[0].Name} {types[1].Name}\n");
        }

        // By their names alone: a type that moves to another folder is written as before.
        var wired = new[] { typeof(InferRequest).Assembly, typeof(Beat).Assembly, typeof(IntentProtocol).Assembly, typeof(Intent).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Namespace is { } name && !name.StartsWith("Meridian.Grains", StringComparison.Ordinal) && name.StartsWith("Meridian", StringComparison.Ordinal))
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .ToArray();
        Assert.Empty(wired.Where(IsWired).GroupBy(type => type.Name).Where(types => types.Count() > 1).Select(types => types.Key));
        foreach (var type in wired)
        {
            foreach (var union in type.GetCustomAttributes<UnionAttribute>(inherit: false).OrderBy(u => u.Key))
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"union {type.Name} {union.Key} {union.SubType.Name}\n");
            if (type is { IsEnum: true, Namespace: "Meridian.Messages" or "Meridian.Intents.Peers" })
            {
                foreach (var value in Enum.GetValues(type))
                    text.Append(System.Globalization.CultureInfo.InvariantCulture, $"enum {type.Name} {Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)} {value}\n");
            }

            if (!IsWired(type))
                continue;
            foreach (var property in type.GetProperties().Where(p => p.GetCustomAttribute<KeyAttribute>() is not null).OrderBy(p => p.GetCustomAttribute<KeyAttribute>()!.IntKey))
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"message {type.Name} {property.GetCustomAttribute<KeyAttribute>()!.IntKey} {property.Name} {Name(property.PropertyType)}\n");
        }

        return text.ToString();
    }

    private static bool IsWired(Type type) => type.GetCustomAttribute<MessagePackObjectAttribute>() is not null;

    private static string Name(Type type) =>
        type.IsArray ? $"{Name(type.GetElementType()!)}[]" : Nullable.GetUnderlyingType(type) is { } value ? $"{value.Name}?" : type.Name;

    // Beside this source file: the committed text itself is compared, not a copy that a stale build might hold.
    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
