namespace Meridian.ModelTools.Distillation;

/// <summary>A linear rise, then half a cosine down to a part of the peak (Loshchilov and Hutter, arXiv:1608.03983, without restarts).</summary>
public sealed record LearningRate(double Peak, int WarmUp, int Steps, double FinalPart)
{
    /// <param name="step">Number of the update, from 0.</param>
    public double At(int step)
    {
        if (step < WarmUp)
            return Peak * (step + 1) / WarmUp;
        var part = Math.Clamp((step - WarmUp) / (double)Math.Max(1, Steps - WarmUp), 0, 1);
        return Peak * (FinalPart + ((1 - FinalPart) * 0.5 * (1 + Math.Cos(Math.PI * part))));
    }
}
