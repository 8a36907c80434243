using System.CommandLine;

namespace Meridian.ModelTools.Commands;

/// <summary>Options that give a decoder's dimensions, and what stands for those that are not given.</summary>
internal static class DimensionOption
{
    public static Option<int> Number(string name, string help, int byDefault) => new(name) { HelpName = "N", Description = help, DefaultValueFactory = _ => byDefault };

    public static Option<int?> KvHeads() => new("--kv-heads") { HelpName = "N", Description = "Key and value heads; must divide the heads [default: half of them]" };

    public static Option<int?> Intermediate() => new("--intermediate") { HelpName = "N", Description = "Length of the gated layer [default: 8/3 of hidden, up to a multiple of 32]" };

    public static int KvHeads(int? given, int heads) => given ?? Math.Max(1, heads / 2);

    public static int Intermediate(int? given, int hidden) => given ?? (((hidden * 8 / 3) + 31) / 32 * 32);
}
