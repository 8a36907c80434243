using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Meridian.ModelTools.Distillation;

/// <summary>The losses of a training as a picture.</summary>
internal static class LossCurve
{
    // As many points as the eye can tell apart: each is the mean of the updates since the last.
    private const int Points = 200;

    /// <returns>An SVG.</returns>
    public static string Draw(IReadOnlyList<LossPoint> losses)
    {
        var model = new PlotModel { Title = "Training", Background = OxyColors.White };
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "updates", MajorGridlineStyle = LineStyle.Dot });
        model.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Left, Title = "nats a token", MajorGridlineStyle = LineStyle.Dot });
        model.Legends.Add(new Legend { LegendPosition = LegendPosition.TopRight });
        model.Series.Add(Line("cross-entropy with drawn tokens", OxyColors.SteelBlue, losses, static point => point.CrossEntropy));
        model.Series.Add(Line("divergence from the teacher", OxyColors.Firebrick, losses, static point => point.Divergence));
        return SvgExporter.ExportToString(model, 720, 420, isDocument: true);
    }

    private static LineSeries Line(string title, OxyColor colour, IReadOnlyList<LossPoint> losses, Func<LossPoint, double> value)
    {
        var line = new LineSeries { Title = title, Color = colour, StrokeThickness = 1.5 };
        foreach (var group in losses.Where(point => value(point) > 0).Chunk(Math.Max(1, losses.Count / Points)))
            line.Points.Add(new DataPoint(group[^1].Step, group.Average(value)));
        return line;
    }
}
