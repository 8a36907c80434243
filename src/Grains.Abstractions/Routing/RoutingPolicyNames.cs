namespace Meridian.Routing;

/// <summary>Names of the routing policies, as settings and records of the intent write them. The project Routing has the policies.</summary>
public static class RoutingPolicyNames
{
    public const string Affinity = "affinity";
    public const string ExpectedCompletion = "expected-completion";
    public const string LeastLoad = "least-load";
    public const string Nearest = "nearest";
    public const string PowerOfTwo = "power-of-two";
    public const string Price = "price";
    public const string SpillOver = "spill-over";

    /// <summary>The policy of models that name none.</summary>
    public const string Default = ExpectedCompletion;

    /// <summary>The policy of work that can wait.</summary>
    public const string Flex = Price;

    private static readonly string[] Names = [Affinity, ExpectedCompletion, LeastLoad, Nearest, PowerOfTwo, Price, SpillOver];

    /// <value>All names, in alphabetical order.</value>
    public static IReadOnlyList<string> All => Names;

    /// <value>All names for messages: quoted, in order.</value>
    public static string Quoted { get; } = string.Join(", ", Names.Select(name => $"'{name}'"));

    /// <summary>The position of a name in <see cref="All"/>, or -1.</summary>
    public static int IndexOf(string? name) => Array.IndexOf(Names, name);
}
