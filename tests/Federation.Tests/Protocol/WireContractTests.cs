using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Grpc.Core;
using Meridian.Federation.Intents.Protocol;
using Meridian.Federation.Protocol;
using Meridian.Messages;
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

        var wired = new[] { typeof(InferRequest).Assembly, typeof(Beat).Assembly }
            .SelectMany(a => a.GetTypes())
            .Where(t => t.Namespace is { } name && (name.StartsWith("Meridian.Messages", StringComparison.Ordinal) || name.StartsWith("Meridian.Federation", StringComparison.Ordinal)))
            .OrderBy(t => t.FullName, StringComparer.Ordinal);
        foreach (var type in wired)
        {
            foreach (var union in type.GetCustomAttributes<UnionAttribute>(inherit: false).OrderBy(u => u.Key))
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"union {type.FullName} {union.Key} {union.SubType.Name}\n");
            if (type.IsEnum && (type.Namespace!.StartsWith("Meridian.Messages", StringComparison.Ordinal) || type.Namespace!.EndsWith("Intents.Protocol", StringComparison.Ordinal)))
            {
                foreach (var value in Enum.GetValues(type))
                    text.Append(System.Globalization.CultureInfo.InvariantCulture, $"enum {type.FullName} {Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)} {value}\n");
            }

            if (type.GetCustomAttribute<MessagePackObjectAttribute>() is null)
                continue;
            foreach (var property in type.GetProperties().Where(p => p.GetCustomAttribute<KeyAttribute>() is not null).OrderBy(p => p.GetCustomAttribute<KeyAttribute>()!.IntKey))
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"message {type.FullName} {property.GetCustomAttribute<KeyAttribute>()!.IntKey} {property.Name} {Name(property.PropertyType)}\n");
        }

        return text.ToString();
    }

    private static string Name(Type type) =>
        type.IsArray ? $"{Name(type.GetElementType()!)}[]" : Nullable.GetUnderlyingType(type) is { } value ? $"{value.Name}?" : type.Name;

    // Beside this source file: the committed text itself is compared, not a copy that a stale build might hold.
    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
