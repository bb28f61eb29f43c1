using MLNet.AnomalyNormalization.Evaluation.Pixels;

namespace MLNet.AnomalyNormalization.Evaluation.Curves;

/// <summary>
/// Bounds of the mean area under the per-image overlap curve where only the counts of the grid are known. How many normal pixels reach a
/// threshold, and what share of the defects, is known at the two edges of the threshold's bin; the curve runs between.
/// </summary>
internal sealed class PerImageOverlapBracket
{
    // Covers the rounding of logarithms of about -10 that are summed with compensation, with weights that add up to 1.
    private const double RoundingError = 1e-13;

    private readonly long[] _fewest;
    private readonly long[] _most;
    private readonly double[] _lowestShares;
    private readonly double[] _highestShares;
    private readonly long _pixels;

    /// <summary>Finds what is known at each threshold.</summary>
    /// <param name="thresholds">The thresholds, ascending.</param>
    /// <param name="range">The lowest and the highest score of normal images.</param>
    /// <param name="normal">The pixels of normal images in each bin; the last one is for what lies above the range.</param>
    /// <param name="shares">The shares of defects in each bin, summed over the images, in units.</param>
    /// <param name="shareUnit">The unit of shares, divided by the number of images.</param>
    /// <param name="shareError">By how much shares added up from the top may be too low.</param>
    public PerImageOverlapBracket(
        float[] thresholds, (float Lowest, float Highest) range, GridBins normal, GridBins shares, double shareUnit, double shareError)
    {
        _fewest = new long[thresholds.Length];
        _most = new long[thresholds.Length];
        _lowestShares = new double[thresholds.Length];
        _highestShares = new double[thresholds.Length];
        _pixels = normal.Sum();

        ulong pixelsAbove = 0, sharesAbove = 0;
        int next = GridBins.Length;
        for (int k = thresholds.Length - 1; k >= 0; k--)
        {
            float place = thresholds[k] * GridBins.PerUnit;
            int bin = (int)place;
            for (; next > bin + 1; next--)
            {
                pixelsAbove += normal[next - 1];
                sharesAbove += shares[next - 1];
            }

            // The bin of the threshold is reached as a whole, in part or not at all, unless more is known about the threshold.
            bool atEdge = place == bin, belowAll = thresholds[k] <= range.Lowest, aboveAll = thresholds[k] > range.Highest;
            _most[k] = (long)(aboveAll ? normal[GridBins.Length - 1] : pixelsAbove + normal[bin]);
            _fewest[k] = atEdge || belowAll || aboveAll ? _most[k] : (long)Math.Max(1, pixelsAbove);
            _lowestShares[k] = (atEdge ? sharesAbove + shares[bin] : sharesAbove) * shareUnit;
            _highestShares[k] = ((sharesAbove + shares[bin]) * shareUnit) + shareError;
        }
    }

    /// <summary>Where the curve is cut off: the thresholds in question, and the logarithm of the rate there.</summary>
    private readonly record struct End(int First, int Last, double LogLowest, double LogHighest);

    /// <summary>The area at least and at most; NaN where it is undefined, or the counts can't tell whether it is.</summary>
    public (double Lowest, double Highest) Area(double lowerBound, double upperBound)
    {
        if (_most[^1] / (double)_pixels > lowerBound
            || FindEnd(upperBound) is not { } upper || FindEnd(lowerBound) is not { } lower
            || lower.First + 1 - upper.Last < PerImageOverlap.FewestPoints
            || lower.LogHighest > upper.LogLowest)
        {
            return (double.NaN, double.NaN);
        }

        // Which threshold the curve begins and ends with may be unknown. So let it run over all in question, with every rate limited to
        // those of the ends: beyond the ends it then has no length. By summation by parts, the area of the trapezoids is
        //     L_first (T_first + T_first+1) / 2 - L_last (T_last-1 + T_last) / 2 - sum of L_k (T_k-1 - T_k+1) / 2 in between
        // with L the logarithm of the rate and T the share of defects, both falling: it rises with T and with L_first, and falls with the
        // others.
        var lowest = new CompensatedSum();
        var highest = new CompensatedSum();
        int first = upper.First, last = lower.Last;
        lowest.Add(upper.LogLowest * (_lowestShares[first] + _lowestShares[first + 1]) / 2);
        highest.Add(upper.LogHighest * (_highestShares[first] + _highestShares[first + 1]) / 2);
        for (int k = first + 1; k < last; k++)
        {
            double highestLog = Math.Clamp(Log(_most[k]), lower.LogHighest, upper.LogHighest);
            double lowestLog = Math.Clamp(Log(_fewest[k]), lower.LogLowest, upper.LogLowest);
            lowest.Add(-highestLog * (_lowestShares[k - 1] - _lowestShares[k + 1]) / 2);
            highest.Add(-lowestLog * (_highestShares[k - 1] - _highestShares[k + 1]) / 2);
        }

        lowest.Add(-lower.LogHighest * (_lowestShares[last - 1] + _lowestShares[last]) / 2);
        highest.Add(-lower.LogLowest * (_highestShares[last - 1] + _highestShares[last]) / 2);

        // The area of each image is cut off at 1, which takes effect only where the ends lie further apart than the bounds.
        double range = Math.Log(upperBound / lowerBound);
        double excess = Math.Max(1, (upper.LogHighest - lower.LogLowest) / range);
        return (Math.Max(0, (lowest.Value / range / excess) - RoundingError), Math.Min(1, (highest.Value / range) + RoundingError));
    }

    private double Log(long reached) => Math.Log(reached / (double)_pixels);

    /// <summary>Where the first of the rates nearest to a bound may be; null if it could be 0.</summary>
    private End? FindEnd(double bound)
    {
        long below = (long)(bound * _pixels);
        double distance = double.PositiveInfinity, leastDistance = double.PositiveInfinity;
        for (int k = 0; k < _most.Length; k++)
        {
            distance = Math.Min(distance, MostDistance(k));
            leastDistance = Math.Min(leastDistance, LeastDistance(k));
        }

        int first = 0;
        while (LeastDistance(first) > distance)
            first++;

        // If no threshold can be nearer than the nearest one that is certain, then none after that one comes first.
        int last = leastDistance == distance ? first : _most.Length - 1;
        if (leastDistance == distance)
        {
            while (MostDistance(last) > distance)
                last++;
        }
        else
        {
            while (LeastDistance(last) > distance)
                last--;
        }

        long fewest = Math.Max(0, (long)((bound - distance) * _pixels) - 1), most = (long)((bound + distance) * _pixels) + 1;
        while (Distance(fewest) > distance)
            fewest++;
        while (Distance(most) > distance)
            most--;
        return fewest == 0 ? null : new End(first, last, Log(fewest), Log(most));

        double Distance(long reached) => Math.Abs((reached / (double)_pixels) - bound);

        double MostDistance(int k) => Math.Max(Distance(_fewest[k]), Distance(_most[k]));

        double LeastDistance(int k)
            => Math.Min(Distance(Math.Clamp(below, _fewest[k], _most[k])), Distance(Math.Clamp(below + 1, _fewest[k], _most[k])));
    }
}
