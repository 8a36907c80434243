using System.Globalization;

namespace Meridian.Benchmarks;

/// <summary><c>--name value</c> pairs after a benchmark's name.</summary>
public sealed class Arguments(string[] args)
{
    public string Text(string name, string otherwise)
    {
        var at = Array.IndexOf(args, "--" + name);
        return at < 0 || at + 1 >= args.Length ? otherwise : args[at + 1];
    }

    public double Number(string name, double otherwise) =>
        double.Parse(Text(name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

    public int Count(string name, int otherwise) => (int)Number(name, otherwise);
}
