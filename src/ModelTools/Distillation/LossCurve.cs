using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Meridian.ModelTools.Distillation;

/// <summary>The losses of a training as a picture.</summary>
internal static class LossCurve
{
    // As many points as the eye can distinguish. Each point is the mean of the updates since the previous point.
    private const int Points = 200;

    /// <returns>An SVG.</returns>
    public static string Draw(IReadOnlyList<LossPoint> losses)
    {
        // Without a screen OxyPlot estimates the size of texts, and estimates too low. So the margins are fixed, and each name stands at its line: a legend would cut it off.
        var model = new PlotModel { Background = OxyColors.White, PlotMargins = new OxyThickness(64, 16, 24, 48) };
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "updates", AxisTitleDistance = 10, MajorGridlineStyle = LineStyle.Dot });
        model.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Left, Title = "nats a token", AxisTitleDistance = 14, MajorGridlineStyle = LineStyle.Dot });
        Line(model, "cross-entropy with drawn tokens", OxyColors.SteelBlue, losses, static point => point.CrossEntropy);
        Line(model, "divergence from the teacher", OxyColors.Firebrick, losses, static point => point.Divergence);
        return SvgExporter.ExportToString(model, 720, 420, isDocument: true);
    }

    private static void Line(PlotModel model, string title, OxyColor colour, IReadOnlyList<LossPoint> losses, Func<LossPoint, double> value)
    {
        var line = new LineSeries { Color = colour, StrokeThickness = 1.5 };
        foreach (var group in losses.Where(point => value(point) > 0).Chunk(Math.Max(1, losses.Count / Points)))
            line.Points.Add(new DataPoint(group[^1].Step, group.Average(value)));
        model.Series.Add(line);
        if (line.Points.Count == 0)
            return;
        var beside = line.Points[line.Points.Count / 3];
        model.Annotations.Add(new TextAnnotation
        {
            Text = title,
            TextColor = colour,
            TextPosition = new DataPoint(beside.X, beside.Y * 1.2),
            TextHorizontalAlignment = HorizontalAlignment.Left,
            Stroke = OxyColors.Transparent,
        });
    }
}
