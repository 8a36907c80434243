using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Meridian.ModelTools.Output;

/// <summary>Output for the user: bars and tables on a terminal, plain lines if the output is redirected.</summary>
public sealed class Terminal
{
    private readonly TextWriter _output;
    private readonly IAnsiConsole? _console;

    public Terminal(TextWriter output)
    {
        _output = output;
        _console = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected ? AnsiConsole.Console : null;
    }

    /// <summary>Bytes in words: <c>412.3 MiB</c>.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.00} GiB"),
    };

    public Task ProgressAsync(Action<IStageProgress> work) => ProgressAsync(progress => Task.Run(() => work(progress)));

    /// <summary>Runs work and shows how far it is.</summary>
    public Task ProgressAsync(Func<IStageProgress, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (_console is null)
            return work(new Lines(_output));
        return _console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context => Task.Run(() => work(new Bars(context))));
    }

    /// <summary>Runs work of minutes or hours, counted in tokens or updates, and shows how far it is; where the output goes elsewhere, a line every half minute.</summary>
    public Task LongProgressAsync(Action<IStageProgress> work)
    {
        if (_console is null)
            return Task.Run(() => work(new TimedLines(_output)));
        return _console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new RemainingTimeColumn())
            .StartAsync(context => Task.Run(() => work(new Bars(context))));
    }

    /// <summary>Names and what they are.</summary>
    public void Table(params ReadOnlySpan<(string Name, string Value)> rows)
    {
        if (_console is null)
        {
            var width = 0;
            foreach (var (name, _) in rows)
                width = Math.Max(width, name.Length);
            foreach (var (name, value) in rows)
                _output.WriteLine($"{name.PadRight(width)}  {value}");
            return;
        }

        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false };
        table.AddColumn("").AddColumn("");
        foreach (var (name, value) in rows)
            table.AddRow(new Markup($"[grey]{Markup.Escape(name)}[/]"), new Text(value));
        _console.Write(table);
    }

    // One line per stage, because a log is read afterwards.
    private sealed class Lines(TextWriter output) : IStageProgress
    {
        private string? _stage;

        public void Report(string stage, long done, long total, string? note)
        {
            if (stage == _stage)
                return;
            _stage = stage;
            output.WriteLine($"{stage} {Size(total)}");
        }
    }

    private sealed class TimedLines(TextWriter output) : IStageProgress
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private string? _stage;
        private bool _ended;

        public void Report(string stage, long done, long total, string? note)
        {
            var ends = done >= total;
            if (stage == _stage && (_ended || (!ends && _watch.Elapsed < TimeSpan.FromSeconds(30))))
                return;
            (_stage, _ended) = (stage, ends);
            _watch.Restart();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stage} {done} of {total}{(note is null ? "" : ", ")}{note}"));
        }
    }

    private sealed class Bars(ProgressContext context) : IStageProgress
    {
        private string? _stage;
        private ProgressTask? _task;

        public void Report(string stage, long done, long total, string? note)
        {
            if (stage != _stage)
            {
                _stage = stage;
                _task = context.AddTask(stage, maxValue: Math.Max(1, total));
            }

            _task!.Value = done;
            if (note is not null)
                _task.Description = Markup.Escape($"{stage} {note}");
        }
    }
}
