namespace Meridian.Benchmarks;

/// <summary>Prints rows both for reading here and for docs/benchmarks.md: a padded markdown table is both.</summary>
public static class Table
{
    public static void Print(string title, string[] head, params string[][] rows)
    {
        var widths = head.Select((h, i) => Math.Max(h.Length, rows.Max(r => r[i].Length))).ToArray();
        string Line(string[] cells) => "| " + string.Join(" | ", cells.Select((c, i) => c.PadRight(widths[i]))) + " |";
        Console.WriteLine();
        Console.WriteLine($"### {title}");
        Console.WriteLine();
        Console.WriteLine(Line(head));
        Console.WriteLine("|" + string.Join('|', widths.Select(w => new string('-', w + 2))) + "|");
        foreach (var row in rows)
        {
            Console.WriteLine(Line(row));
        }

        Console.WriteLine();
    }
}
