using System.Globalization;
using System.Text;
using MLNet.AnomalyNormalization.Onnx.Baking;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Models;
using MLNet.AnomalyNormalization.Onnx.Verification;

namespace MLNet.AnomalyNormalization.Onnx;

/// <summary>
/// An anomaly model in an ONNX file, as anomalib and quadra export it: which input takes the image, which outputs are the score and the
/// map, how pictures are prepared, and the thresholds that came with it.
/// </summary>
/// <remarks>Instances describe the file as it was when it was opened, hold no resources and are safe to share between threads.</remarks>
public sealed class AnomalyOnnxModel
{
    // Nodes of an older version mean other things (Clip, Squeeze and others), and no exporter of anomaly models wrote them.
    private const int OldestOpset = 11;

    private const int MostOutputs = 100;

    private readonly ModelThresholds _thresholds;
    private readonly ModelPreparation _preparation;
    private readonly ModelProto? _inMemory;

    private AnomalyOnnxModel(string path, ModelProto model, AnomalyOnnxOutput[] outputs, ModelSidecar sidecar)
    {
        Path = path;
        Opset = GraphEditor.OpsetOf(model);
        Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim();
        IsBaked = ModelMetadata.IsBaked(model);
        Outputs = outputs;

        HashSet<string> initialisers = [.. model.Graph.Initializer.Select(tensor => tensor.Name)];
        ValueInfoProto[] inputs = [.. model.Graph.Input.Where(input => !initialisers.Contains(input.Name))];
        if (inputs.Length == 0)
            throw new InvalidDataException($"'{path}' has no input, so it can't be a model that looks at images.");

        ValueInfoProto image = Array.Find(inputs, input => input.Type?.TensorType?.Shape?.Dim.Count == 4) ?? inputs[0];
        InputName = image.Name;
        InputType = ElementType.Of(image.Type);
        InputShape = ElementType.ShapeOf(image.Type);
        InputCount = inputs.Length;

        var reader = new GraphReader(model.Graph);
        var score = ScoreOutputName is null ? null : PostProcessor.Of(reader, ScoreOutputName, LabelOutputName);
        var map = MapOutputName is null ? null : PostProcessor.Of(reader, MapOutputName, MaskOutputName);
        RawScore = score is null ? null : Find(AnomalyOutputRole.Score)! with { Name = score.Raw };
        RawMap = map is null ? null : Find(AnomalyOutputRole.Map)! with { Name = map.Raw };
        (ScorePostProcessing, MapPostProcessing) = (score?.Scaling, map?.Scaling);
        IsAlreadyNormalized = (score ?? map)?.IsClipped == true;

        _preparation = ModelPreparation.Of(this, model, reader, sidecar);
        _thresholds = ModelThresholds.Of(ModelMetadata.ReadThresholds(model, path), score, map, sidecar);
        Notes = [.. _thresholds.Notes, .. _preparation.Notes, .. sidecar.Notes];
    }

    /// <summary>A model that was made here and is in no file as yet.</summary>
    /// <param name="name">What it is called, in place of a path.</param>
    /// <param name="model">The model, with all its data; it must not change any more.</param>
    internal AnomalyOnnxModel(string name, ModelProto model)
        : this(name, model, OutputRoles.Assign(model, null, null), ModelSidecar.None)
        => _inMemory = model;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The version of the standard operators that the model uses, 11 or later.</summary>
    public int Opset { get; }

    /// <summary>What wrote the file, as it says itself, for instance <c>pytorch 2.1.0</c>; may be empty.</summary>
    public string Producer { get; }

    /// <summary>The input that takes the image.</summary>
    public string InputName { get; }

    /// <summary>The element type of the input, for instance Single; null for one that .NET has no type for.</summary>
    public Type? InputType { get; }

    /// <summary>The dimensions of the input, null for one that is not fixed; null if not even their number is known.</summary>
    public IReadOnlyList<long?>? InputShape { get; }

    /// <summary>All outputs, in the order of the graph.</summary>
    public IReadOnlyList<AnomalyOnnxOutput> Outputs { get; }

    /// <summary>
    /// The output with the image score; null if the model gives a map alone. Where the graph scales and clips it
    /// (<see cref="ScorePostProcessing"/>), this library takes the raw value from before that.
    /// </summary>
    public string? ScoreOutputName => NameOf(AnomalyOutputRole.Score);

    /// <summary>
    /// The output with the anomaly map; null if the model gives a score alone. Where the graph scales and clips it
    /// (<see cref="MapPostProcessing"/>), this library takes the raw values from before that.
    /// </summary>
    public string? MapOutputName => NameOf(AnomalyOutputRole.Map);

    /// <summary>The Boolean output with a decision per image; null if there is none.</summary>
    public string? LabelOutputName => NameOf(AnomalyOutputRole.Label);

    /// <summary>The Boolean output with a decision per pixel; null if there is none.</summary>
    public string? MaskOutputName => NameOf(AnomalyOutputRole.Mask);

    /// <summary>What the graph does to the raw score before it gives it away, as anomalib 2 does; null if nothing, or something else.</summary>
    public AnomalyPostProcessing? ScorePostProcessing { get; }

    /// <summary>What the graph does to the raw map before it gives it away, as anomalib 2 does; null if nothing, or something else.</summary>
    public AnomalyPostProcessing? MapPostProcessing { get; }

    /// <summary>
    /// The raw thresholds that came with the model: from the metadata in the file, from its own post-processing, or from a file beside it
    /// (<c>model.json</c>, <c>metadata.json</c>, <c>meta_data.json</c>); 0.5 where <see cref="IsAlreadyNormalized"/>. Null if nothing
    /// tells them. Where only the image's is known, it stands for both, and <see cref="Notes"/> says so. What was kept in place of the model's
    /// own (<see cref="AnomalyThresholds.Save"/>) counts.
    /// </summary>
    public AnomalyThresholds? Thresholds => _thresholds.Thresholds;

    /// <summary>
    /// The raw thresholds that <see cref="Thresholds"/> would be if none were kept in their place: what whoever keeps others replaces.
    /// </summary>
    public AnomalyThresholds? OwnThresholds => _thresholds.Replaced ?? _thresholds.Thresholds;

    /// <summary>
    /// Where a person decides on the scale of <see cref="Thresholds"/>, if it was kept with them (on the page of a report, or by
    /// <see cref="AnomalyThresholds.Save"/>); otherwise null.
    /// </summary>
    public ReviewBand? ReviewBand => _thresholds.ReviewBand;

    /// <summary>
    /// Whether the graph clips its score to 0..1 in a way that was not recognised, so that the raw score can't be had. It is a scale of its
    /// own with 0.5 for the threshold: raw, as far as this library is concerned, but scores far above the threshold are cut off.
    /// </summary>
    public bool IsAlreadyNormalized { get; }

    /// <summary>Whether <see cref="BakeNormalization"/> wrote this file.</summary>
    public bool IsBaked { get; }

    /// <summary>
    /// What the model expects of a picture: from the metadata in the file, or a file beside it; otherwise, as <see cref="Notes"/> then says,
    /// torchvision's antialiased resize to the size that the graph itself tells, and red, green and blue in 0..1, which exports of anomalib
    /// 1 and 2 take (0..255 where the input is of bytes).
    /// </summary>
    public ImagePreprocessing Preprocessing => _preparation.Preprocessing;

    /// <summary>
    /// The area of a photo that the model sees, and its map covers: smaller than the whole where <see cref="Preprocessing"/> or the graph
    /// crops. Null if that can't be told: the model prepares pictures itself, or as this library can't.
    /// </summary>
    public PictureArea? InspectedArea => PreparesItself || PreparationProblem is not null ? null : Picture.AreaWithin(Preprocessing);

    /// <summary>What was assumed, left aside or contradictory, in whole sentences; part of the data sheet.</summary>
    public IReadOnlyList<string> Notes { get; }

    internal int InputCount { get; }

    /// <summary>The raw score: the output, or the value within the graph that it is made from.</summary>
    internal AnomalyOnnxOutput? RawScore { get; }

    /// <summary>The raw map.</summary>
    internal AnomalyOnnxOutput? RawMap { get; }

    /// <summary>What the graph itself does to a picture.</summary>
    internal GraphPicture Picture => _preparation.Picture;

    /// <summary>Whether the graph takes pictures of any size as bytes and does all preparation itself.</summary>
    internal bool PreparesItself => _preparation.IsInside;

    /// <summary>Why the known preparation can't be done; null if it can.</summary>
    internal string? PreparationProblem => _preparation.Problem;

    /// <summary>Why the pixel threshold is none of its own, in words that go on "the pixel threshold ..."; null if it is one.</summary>
    internal string? PixelThresholdProblem => _thresholds.PixelProblem;

    /// <summary>Reads what a model is from its file.</summary>
    /// <param name="path">The ONNX file, smaller than 2 GiB; tensors may stand in external data files within its folder.</param>
    /// <param name="scoreOutputName">The output with the image score, where the guess by name and shape is wrong.</param>
    /// <param name="mapOutputName">The output with the anomaly map, where the guess is wrong.</param>
    /// <param name="descriptionPath">
    /// The file that describes the model (<c>model.json</c>, <c>metadata.json</c>), wherever it is; null for those beside the model, that
    /// of its own name first.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is not an ONNX model or a damaged one, its opset is below 11, no output could be a score or a map, its external data is
    /// missing or outside its folder, or a file that describes it is damaged. The message names the file and the reason.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// There is no output of a given name, it holds no floating-point numbers, or one is named for both.
    /// </exception>
    public static AnomalyOnnxModel Open(
        string path, string? scoreOutputName = null, string? mapOutputName = null, string? descriptionPath = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelProto model = OnnxFile.Read(path);
        if (GraphEditor.OpsetOf(model) is var opset && opset < OldestOpset)
        {
            throw new InvalidDataException(
                $"'{path}' uses version {opset} of the ONNX operators; expected {OldestOpset} or later. "
                + "Export the model with a newer opset_version.");
        }

        if (model.Graph.Output.Count > MostOutputs)
            throw new InvalidDataException($"'{path}' has {model.Graph.Output.Count} outputs; an anomaly model has at most {MostOutputs}.");

        AnomalyOnnxOutput[] outputs = OutputRoles.Assign(model, scoreOutputName, mapOutputName);
        if (!Array.Exists(outputs, output => output.Role is AnomalyOutputRole.Score or AnomalyOutputRole.Map
            or AnomalyOutputRole.NormalizedScore or AnomalyOutputRole.NormalizedMap))
        {
            throw new InvalidDataException(
                $"'{path}' has no output that looks like an anomaly score or map, floating-point with one number "
                + $"per image or pixel; it has {string.Join(", ", outputs.Select(Describe))}. Name the outputs if one of them is.");
        }

        return new(path, model, outputs, ModelSidecar.Find(path, descriptionPath));
    }

    /// <summary>The whole model, to change.</summary>
    internal ModelProto Read() => _inMemory?.Clone() ?? OnnxFile.Read(Path);

    /// <summary>
    /// Writes the model with outputs added in which 100 is the threshold: <c>normalized_score</c>, <c>normalized_map</c> and, if asked for,
    /// <c>is_anomalous</c> and <c>anomaly_mask</c>. In OnnxRuntime they have the bits that <see cref="ScoreNormalizer"/> makes of the raw
    /// values in the same run.
    /// </summary>
    /// <param name="outputPath">
    /// The file to write; one that is there is replaced once the new one is complete. External data is copied into its folder.
    /// </param>
    /// <param name="thresholds">
    /// The raw thresholds. They become the defaults of the optional inputs <c>image_threshold</c> and <c>pixel_threshold</c>, of shape
    /// [1] and the type of the raw output, which a caller may override with any finite number; and they stand in the metadata of the file.
    /// </param>
    /// <param name="options">What is added, and by which rule.</param>
    /// <param name="cancellationToken">Gives it up; a file that stood in the place before is unchanged then.</param>
    /// <remarks>
    /// A model that gives a map alone gets its score as the map's maximum. Values that the model itself scales and clips (anomalib 2) are
    /// taken from before that. Whatever else is in the file stays as it is; where one of the names is taken in the graph, a number is
    /// appended, and <see cref="Open"/> finds the output all the same. How pictures are prepared is written into the metadata, so that the
    /// file needs no other beside it.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The normalisation is baked into this model already.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The type of a raw output can't hold its threshold, or an evaluation threshold is out of range.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// A label or mask is asked for that nothing could be decided from, or evaluation thresholds without preserving decisions.
    /// </exception>
    /// <exception cref="FileNotFoundException">The model's own file is gone.</exception>
    /// <exception cref="InvalidDataException">The model's own file has been changed into something else.</exception>
    /// <exception cref="IOException">The file can't be written, or other data stands where its external data belongs.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public void BakeNormalization(
        string outputPath, AnomalyThresholds thresholds, BakeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(thresholds);
        options ??= new();
        if (options.AddMask && MapOutputName is null)
            throw new ArgumentException($"'{Path}' gives no map, so there is no mask to add. Set AddMask to false.", nameof(options));

        cancellationToken.ThrowIfCancellationRequested();
        ModelProto model = Read();
        if (ModelMetadata.IsBaked(model))
            throw new InvalidOperationException($"The normalisation is baked into '{Path}' already. Bake the model that it was made from.");

        new BakedOutputs(model, thresholds, options).Run(RawScore, RawMap, (ScoreOutputName, MapOutputName));
        ModelMetadata.WritePreparation(model, PreparesItself ? null : Preprocessing);
        OnnxFile.Write(model, OnnxFile.FolderOf(Path), outputPath, cancellationToken);
    }

    /// <summary>
    /// Compares what this library sees of pictures, stage by stage (decoded, prepared, score, map, label), with what Python saw, and names
    /// the first stage that differs and its usual cause, found by trying it.
    /// </summary>
    /// <param name="referencePath">
    /// What Python saw: a JSON file, as <c>samples/python/write_reference.py</c> writes it. Every stage of a picture may be left out.
    /// <code>
    /// {"format": "anomaly-reference", "version": 1, "model": {"sha256": "..."},
    ///  "pictures": [{
    ///    "file": "test/good/000.png",                      relative to the folder of this file
    ///    "decoded": {"height": 768, "width": 576,
    ///                "sha256": "...",                      of the bytes height x width x 3, red, green, blue
    ///                "values": [[row, column, red, green, blue], ...]},
    ///    "prepared": {"shape": [3, 256, 256],              what the model's input gets
    ///                 "means": [red, green, blue], "values": [[channel, row, column, value], ...]},
    ///    "score": 4.08,                                    raw
    ///    "map": {"height": 256, "width": 256, "minimum": 0.1, "maximum": 4.08, "mean": 0.9, "values": [[row, column, value], ...]},
    ///    "anomalous": false}]}
    /// </code>
    /// </param>
    /// <returns>
    /// The report. Values agree within 2 steps of a byte when decoded (decoders of JPEG differ by as much); within 1e-4 of the range when
    /// prepared, one step of a byte where OpenCV is followed; scores and maps within 1e-4 of the threshold, 1e-2 where OpenCV is followed or
    /// the decoded bytes are not the same, 2e-3 in Half; labels but for scores as near as that to the threshold.
    /// </returns>
    /// <exception cref="FileNotFoundException">There is no such file, or no picture that it names.</exception>
    /// <exception cref="InvalidDataException">The file is no reference, a picture can't be read, or the model fails.</exception>
    /// <exception cref="ArgumentException">The model takes no single picture, or of a size that nothing tells.</exception>
    public AnomalyVerification Verify(string referencePath)
    {
        ArgumentException.ThrowIfNullOrEmpty(referencePath);
        using var verifier = new Verifier(this, referencePath);
        return verifier.Run();
    }

    /// <summary>A data sheet of the model, several lines long: what was read, from where, and what was assumed.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Line("Model", $"{System.IO.Path.GetFileName(Path)}{(IsBaked ? ", normalisation baked in" : "")}");
        Line("Producer", $"{(Producer.Length > 0 ? Producer : "unknown")}, opset {Opset}");
        Line("Input", $"{InputName}: {ElementType.Describe(InputType, InputShape)}");
        Line("Pictures", _preparation.ToString());
        foreach (AnomalyOnnxOutput output in Outputs)
            Line("Output", $"{Describe(output)}{(output.Role == AnomalyOutputRole.Other ? "" : $" -> {output.Role}")}");
        Line("Scale", IsBaked && ScoreOutputName is null && MapOutputName is null ? "normalised, 100 is the threshold"
            : IsAlreadyNormalized ? "0..1, clipped by the model, 0.5 is the threshold"
            : ScorePostProcessing is null && MapPostProcessing is null ? "raw"
            : "raw, from before the model's own scaling to 0..1");
        Scaling("score", ScorePostProcessing);
        Scaling("map", MapPostProcessing);
        Line("Thresholds", _thresholds.ToString());
        foreach (string note in Notes)
            Line("Note", note);
        return text.ToString().TrimEnd();

        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-11}{value}").AppendLine();

        void Scaling(string what, AnomalyPostProcessing? scaling)
        {
            if (scaling is not null)
            {
                Line("Scaling", string.Create(CultureInfo.InvariantCulture,
                    $"{what}: (raw - {scaling.Threshold}) / {scaling.Range} + 0.5, clipped, decided at {scaling.LabelScore:0.######}"));
            }
        }
    }

    private AnomalyOnnxOutput? Find(AnomalyOutputRole role) => Outputs.FirstOrDefault(output => output.Role == role);

    private string? NameOf(AnomalyOutputRole role) => Find(role)?.Name;

    private static string Describe(AnomalyOnnxOutput output) => $"{output.Name}: {ElementType.Describe(output.ElementType, output.Shape)}";
}
