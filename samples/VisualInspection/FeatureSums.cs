namespace VisualInspection;

/// <summary>The sums that a mean and a variance need, over a group of images, for each feature at each place.</summary>
internal sealed class FeatureSums(ImageSize size)
{
    public double[] Values { get; } = new double[GaussianModel.FeatureCount * size.Area];

    public double[] Squares { get; } = new double[GaussianModel.FeatureCount * size.Area];

    public int Count { get; private set; }

    /// <param name="features">What the features graph gave for one image: features x height x width values.</param>
    public void Add(float[] features)
    {
        for (int i = 0; i < features.Length; i++)
        {
            Values[i] += features[i];
            Squares[i] += (double)features[i] * features[i];
        }

        Count++;
    }
}
