namespace MLNet.AnomalyNormalization.Tests.Evaluation;

/// <summary>The definitions, as slow and obvious as possible. Labels: true is anomalous.</summary>
internal static class Twins
{
    public static double AreaUnderRocCurve((float Score, bool IsAnomalous)[] rows)
    {
        float[] anomalous = [.. rows.Where(row => row.IsAnomalous).Select(row => row.Score)];
        float[] normal = [.. rows.Where(row => !row.IsAnomalous).Select(row => row.Score)];
        double won = 0;
        foreach (float a in anomalous)
        {
            foreach (float n in normal)
                won += a > n ? 1 : a == n ? 0.5 : 0;
        }

        return won / ((double)anomalous.Length * normal.Length);
    }

    public static double AveragePrecision((float Score, bool IsAnomalous)[] rows)
    {
        double positives = rows.Count(row => row.IsAnomalous), area = 0, lastRecall = 0;
        foreach (float threshold in DistinctDescending(rows))
        {
            double found = rows.Count(row => row.IsAnomalous && row.Score >= threshold);
            double precision = found / rows.Count(row => row.Score >= threshold);
            area += (found / positives - lastRecall) * precision;
            lastRecall = found / positives;
        }

        return positives == 0 ? double.NaN : area;
    }

    public static (double Score, double Threshold) MaximumF1((float Score, bool IsAnomalous)[] rows)
    {
        long positives = rows.Count(row => row.IsAnomalous), bestFound = 0, bestTotal = 1;
        double bestThreshold = double.NaN;
        foreach (float threshold in DistinctDescending(rows))
        {
            long found = rows.Count(row => row.IsAnomalous && row.Score >= threshold);
            long total = positives + rows.Count(row => row.Score >= threshold);
            if (found * bestTotal >= bestFound * total)
                (bestFound, bestTotal, bestThreshold) = (found, total, threshold);
        }

        return positives == 0 ? (double.NaN, double.NaN) : (2.0 * bestFound / bestTotal, bestThreshold);
    }

    public static double DetectionRate((float Score, bool IsAnomalous)[] rows, int falsePositives)
    {
        double found = 0;
        foreach (float threshold in DistinctDescending(rows))
        {
            if (rows.Count(row => !row.IsAnomalous && row.Score >= threshold) <= falsePositives)
                found = rows.Count(row => row.IsAnomalous && row.Score >= threshold);
        }

        return found / rows.Count(row => row.IsAnomalous);
    }

    public static long OverlappingScores((float Score, bool IsAnomalous)[] rows)
        => OverlappingScores([.. rows.Select(row => (row.Score, (bool?)row.IsAnomalous))]);

    public static long OverlappingScores((float Score, bool? IsAnomalous)[] rows)
    {
        if (rows.All(row => row.IsAnomalous != true) || rows.All(row => row.IsAnomalous != false))
            return 0;
        float lowest = rows.Where(row => row.IsAnomalous == true).Min(row => row.Score);
        float highest = rows.Where(row => row.IsAnomalous == false).Max(row => row.Score);
        return rows.Count(row => lowest <= row.Score && row.Score <= highest);
    }

    /// <summary>The region of each pixel, numbered from 1 in the order of their first pixels; 0 where there is no defect.</summary>
    public static int[] FloodFill(byte[] mask, int height, int width, bool diagonal)
    {
        var regions = new int[mask.Length];
        int count = 0;
        for (int start = 0; start < mask.Length; start++)
        {
            if (mask[start] == 0 || regions[start] != 0)
                continue;
            regions[start] = ++count;
            var open = new Stack<int>([start]);
            while (open.TryPop(out int pixel))
            {
                for (int dy = -1; dy <= 1; dy++)
                {
                    for (int dx = -1; dx <= 1; dx++)
                    {
                        int y = (pixel / width) + dy, x = (pixel % width) + dx;
                        if (y < 0 || y >= height || x < 0 || x >= width || (!diagonal && dx != 0 && dy != 0))
                            continue;
                        int next = (y * width) + x;
                        if (mask[next] != 0 && regions[next] == 0)
                        {
                            regions[next] = count;
                            open.Push(next);
                        }
                    }
                }
            }
        }

        return regions;
    }

    public static double PerRegionOverlap(ImageSet images, bool diagonal, double limit)
    {
        var regions = new List<float[]>();
        var normal = new List<float>();
        for (int i = 0; i < images.Count; i++)
        {
            int[] numbers = FloodFill(images.Masks[i], images.Height, images.Width, diagonal);
            for (int region = 1; region <= numbers.Max(); region++)
                regions.Add([.. images.Maps[i].Where((_, pixel) => numbers[pixel] == region)]);
            normal.AddRange(images.Maps[i].Where((_, pixel) => numbers[pixel] == 0));
        }

        if (regions.Count == 0 || normal.Count == 0)
            return double.NaN;

        double area = 0, lastRate = 0, lastOverlap = 0;
        foreach (float threshold in images.Maps.SelectMany(map => map).Distinct().OrderDescending())
        {
            double rate = normal.Count(score => score >= threshold) / (double)normal.Count;
            double overlap = regions.Average(region => region.Count(score => score >= threshold) / (double)region.Length);
            if (rate > limit)
            {
                double atLimit = lastOverlap + ((overlap - lastOverlap) * (limit - lastRate) / (rate - lastRate));
                return (area + ((limit - lastRate) * (lastOverlap + atLimit) / 2)) / limit;
            }

            area += (rate - lastRate) * (lastOverlap + overlap) / 2;
            (lastRate, lastOverlap) = (rate, overlap);
        }

        return area / limit;
    }

    /// <summary>AUPIMO of every image at given thresholds; maps may have different sizes.</summary>
    public static double[] PerImageOverlap(float[][] maps, byte[][] masks, float[] thresholds, double lower, double upper)
    {
        float[][] normal = [.. maps.Where((_, i) => masks[i].All(pixel => pixel == 0))];
        double[] rates = [.. thresholds.Select(t => normal.Average(map => map.Count(score => score >= t) / (double)map.Length))];
        int[] points = [.. Enumerable.Range(Nearest(upper), Nearest(lower) + 1 - Nearest(upper)).Where(k => rates[k] > 0)];
        bool defined = lower >= rates[^1] && points.Length > 30;
        return [.. maps.Select((map, i) => defined && masks[i].Any(pixel => pixel != 0) ? Area(map, masks[i]) : double.NaN)];

        int Nearest(double bound) => Enumerable.Range(0, rates.Length).MinBy(k => Math.Abs(rates[k] - bound));

        double Area(float[] map, byte[] mask)
        {
            float[] defects = [.. map.Where((_, pixel) => mask[pixel] != 0)];
            double[] overlaps = [.. points.Select(k => defects.Count(score => score >= thresholds[k]) / (double)defects.Length)];
            double area = 0;
            for (int j = 1; j < points.Length; j++)
                area += (overlaps[j - 1] + overlaps[j]) / 2 * (Math.Log(rates[points[j - 1]]) - Math.Log(rates[points[j]]));
            return Math.Clamp(area / Math.Log(upper / lower), 0, 1);
        }
    }

    private static IEnumerable<float> DistinctDescending((float Score, bool IsAnomalous)[] rows)
        => rows.Select(row => row.Score).Distinct().OrderDescending();
}
