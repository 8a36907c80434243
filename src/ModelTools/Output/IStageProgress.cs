namespace Meridian.ModelTools.Output;

/// <summary>Told how far a command is.</summary>
public interface IStageProgress
{
    /// <param name="stage">Name of the stage.</param>
    /// <param name="done">Bytes, tokens or updates done in this stage.</param>
    /// <param name="total">Bytes, tokens or updates of the whole stage.</param>
    /// <param name="note">Further text to show, such as a loss or a speed; null for none.</param>
    void Report(string stage, long done, long total, string? note = null);
}
